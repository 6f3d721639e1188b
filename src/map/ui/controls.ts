import type { MapMessages } from '../types.ts'

const svgNamespace = 'http://www.w3.org/2000/svg'

/** On a 24 × 24 field, after Lucide (ISC). */
const icons = {
  zoomIn: ['M5 12h14', 'M12 5v14'],
  zoomOut: ['M5 12h14'],
  compass: ['M12 2.5 15.5 12h-7Z', 'M12 21.5 8.5 12h7Z'],
  locate: [
    'M2 12h3',
    'M19 12h3',
    'M12 2v3',
    'M12 19v3',
    'M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14Z',
    'M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z',
  ],
  enterFullscreen: [
    'M8 3H5a2 2 0 0 0-2 2v3',
    'M21 8V5a2 2 0 0 0-2-2h-3',
    'M3 16v3a2 2 0 0 0 2 2h3',
    'M16 21h3a2 2 0 0 0 2-2v-3',
  ],
  exitFullscreen: [
    'M8 3v3a2 2 0 0 1-2 2H3',
    'M21 8h-3a2 2 0 0 1-2-2V3',
    'M3 16h3a2 2 0 0 1 2 2v3',
    'M16 21v-3a2 2 0 0 1 2-2h3',
  ],
} as const

export interface ControlActions {
  zoomIn(): void
  zoomOut(): void
  resetNorth(): void
  locate(): Promise<unknown>
  toggleFullscreen(): Promise<void>
}

export class Controls {
  readonly element = document.createElement('div')
  readonly #zoomIn = button('zoomIn')
  readonly #zoomOut = button('zoomOut')
  readonly #compass = button('compass')
  readonly #locate = button('locate')
  readonly #fullscreen = button('enterFullscreen')
  #messages: MapMessages
  #isFullscreen = false

  constructor(messages: MapMessages, actions: ControlActions) {
    this.#messages = messages
    this.element.className = 'wangge-map-controls'
    this.element.append(
      group(this.#zoomIn, this.#zoomOut, this.#compass),
      group(this.#locate, this.#fullscreen),
    )
    this.#zoomIn.addEventListener('click', () => actions.zoomIn())
    this.#zoomOut.addEventListener('click', () => actions.zoomOut())
    this.#compass.addEventListener('click', () => actions.resetNorth())
    this.#fullscreen.addEventListener('click', () => void actions.toggleFullscreen())
    this.#locate.addEventListener('click', () => {
      this.#locate.setAttribute('aria-busy', 'true')
      void actions.locate().finally(() => this.#locate.removeAttribute('aria-busy'))
    })
    this.#fullscreen.hidden = !document.fullscreenEnabled
    this.setMessages(messages)
  }

  setMessages(messages: MapMessages): void {
    this.#messages = messages
    name(this.#zoomIn, messages.zoomIn)
    name(this.#zoomOut, messages.zoomOut)
    name(this.#compass, messages.resetNorth)
    name(this.#locate, messages.locate)
    name(this.#fullscreen, this.#isFullscreen ? messages.exitFullscreen : messages.enterFullscreen)
  }

  /** @param bearing degrees clockwise from north */
  setBearing(bearing: number): void {
    const needle = this.#compass.firstElementChild as SVGElement
    needle.style.transform = `rotate(${-bearing}deg)`
    this.#compass.classList.toggle('is-turned', Math.abs(bearing) > 0.5)
  }

  /** `aria-disabled` keeps buttons in the tab order. */
  setZoomLimits(atMin: boolean, atMax: boolean): void {
    this.#zoomOut.setAttribute('aria-disabled', String(atMin))
    this.#zoomIn.setAttribute('aria-disabled', String(atMax))
  }

  setFullscreen(isFullscreen: boolean): void {
    this.#isFullscreen = isFullscreen
    this.#fullscreen.replaceChildren(icon(isFullscreen ? 'exitFullscreen' : 'enterFullscreen'))
    this.setMessages(this.#messages)
  }
}

function group(...buttons: HTMLButtonElement[]): HTMLElement {
  const element = document.createElement('div')
  element.className = 'wangge-map-group'
  element.append(...buttons)
  return element
}

function button(shape: keyof typeof icons): HTMLButtonElement {
  const element = document.createElement('button')
  element.type = 'button'
  element.append(icon(shape))
  return element
}

function name(element: HTMLButtonElement, text: string): void {
  element.setAttribute('aria-label', text)
  element.title = text
}

function icon(shape: keyof typeof icons): SVGElement {
  const svg = document.createElementNS(svgNamespace, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  svg.classList.add(`is-${shape}`)
  for (const d of icons[shape]) {
    const path = document.createElementNS(svgNamespace, 'path')
    path.setAttribute('d', d)
    svg.append(path)
  }
  return svg
}
