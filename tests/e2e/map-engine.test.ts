import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { servePages } from '../bench/map/serve-pages.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { slower } from '../kit/patience.ts'
import { withoutStreets } from '../kit/without-streets.ts'

const size = { width: 700, height: 500 }

let pages: Awaited<ReturnType<typeof servePages>>
let browser: Browser
/** Draws no streets. */
let page: Page
let pageWithStreets: Page

interface Heard {
  event: string
  payload: {
    idx?: number
    hits?: { id: string; lngLat: number[] }[]
    shown?: number
    total?: number
    ok?: boolean
    reason?: string
    insideCity?: boolean
  } | null
}
const heard = async (event: string): Promise<Heard['payload'][]> =>
  ((await page.evaluate('window.log')) as Heard[])
    .filter((entry) => entry.event === event)
    .map(({ payload }) => payload)

async function open(query: string, on = page): Promise<void> {
  await on.goto(`${pages.url}tests/bench/map/demo.html?${query}`)
  await on.waitForFunction('window.ready', null, slower)
}

beforeAll(async () => {
  pages = await servePages()
  browser = await flowBrowser()
  page = await browser.newPage({ viewport: size })
  await withoutStreets(page.context())
  pageWithStreets = await browser.newPage({ viewport: size })
})
afterAll(async () => {
  await browser?.close()
  await pages?.close()
})

describe('the map engine', () => {
  it('tells which area the pointer is over and which was clicked, and hides points below zoom 14', async () => {
    await open('zoom=12&lng=-122.48&theme=light')
    await page.mouse.move(size.width / 2, size.height / 2)
    await page.mouse.click(size.width / 2, size.height / 2)
    await expect.poll(() => heard('areaClick')).toHaveLength(1)
    const [clicked] = await heard('areaClick')
    expect((await heard('areaHover')).at(-1)?.idx).toBe(clicked?.idx)
    expect(await heard('pointClick')).toEqual([])
    expect((await heard('pointTotals')).at(-1)).toBeNull()

    await page.mouse.click(5, 5)
    await expect.poll(() => heard('backgroundClick')).toHaveLength(1)
  })

  it('shades no sky, which no frame of a map that is never tilted shows', async () => {
    await page.addInitScript(() => {
      const { shaderSource } = WebGL2RenderingContext.prototype
      const sources: string[] = []
      WebGL2RenderingContext.prototype.shaderSource = function (shader, source) {
        sources.push(source)
        shaderSource.call(this, shader, source)
      }
      Object.assign(window, { shaderSources: sources })
    })
    await open('zoom=12')
    const sources = (await page.evaluate('window.shaderSources')) as string[]
    const uses = (name: string): boolean => sources.some((source) => source.includes(name))
    expect({ areas: uses('a_pos'), sky: uses('u_sky_color') }).toEqual({ areas: true, sky: false })
  })

  it('draws every incident of the tiles and says how many were left out', async () => {
    await open('zoom=15')
    const totals = (await heard('pointTotals')).at(-1)!
    expect(totals.shown).toBeGreaterThan(0)
    // Each tile of the page's invented source leaves seven out.
    expect((totals.total! - totals.shown!) % 7).toBe(0)
    expect(totals.total).toBeGreaterThan(totals.shown!)
  })

  it('finds all incidents at one place, and never an old one under a new filter', async () => {
    await open('zoom=15')
    // Both incidents lie in the middle of each tile; the view goes to the middle of one.
    await page.evaluate(`(async () => {
      const n = 2 ** 15
      const x = Math.floor(((-122.42 + 180) / 360) * n) + 0.5
      const lat = (y) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / n))) * 180) / Math.PI
      let y = 0.5
      while (lat(y + 0.5) > 37.762) y++
      window.engine.setView({ center: [(x / n) * 360 - 180, lat(y)], zoom: 15 })
      const pile = { total: 2, shown: 2, hidden: 0, stacks: [], ids: ['below', 'top'], category: Uint8Array.of(1, 2),
        stage: Uint8Array.of(4, 0), x: Int16Array.of(2048, 2048), y: Int16Array.of(2048, 2048) }
      window.engine.setPoints({ key: 'pile', colors: [], load: async () => pile })
      await window.engine.whenIdle()
      window.log.length = 0
    })()`)
    await page.mouse.click(size.width / 2, size.height / 2)
    await expect.poll(() => heard('pointClick')).toHaveLength(1)
    const [click] = await heard('pointClick')
    expect(click?.hits?.map(({ id }) => id)).toEqual(['top', 'below'])

    const seen = await page.evaluate<string[]>(`(async () => {
      window.log.length = 0
      window.engine.setPoints(window.demoPoints('late', 60_000))
      window.engine.setPoints({ ...window.demoPoints('none'), load: async () => ({ total: 0, shown: 0, hidden: 0, stacks: [], ids: [],
        category: new Uint8Array(), stage: new Uint8Array(), x: new Int16Array(), y: new Int16Array() }) })
      await window.engine.whenIdle()
      return window.log.filter(({ event }) => event === 'pointTotals').map(({ payload }) => payload.shown)
    })()`)
    expect(seen.at(-1)).toBe(0)
    await page.mouse.move(1, 1)
    await page.mouse.move(size.width / 2, size.height / 2)
    expect((await heard('pointHover')).filter(Boolean)).toEqual([])
  })

  it('follows keyboard and setters over its streets, in either theme and language, without an error', async () => {
    const errors: string[] = []
    pageWithStreets.on('pageerror', (error) => errors.push(error.message))
    pageWithStreets.on('console', (message) => {
      if (message.type() === 'warning') errors.push(message.text())
    })
    await open('zoom=13', pageWithStreets)
    await pageWithStreets.locator('#map canvas').focus()
    const before = await pageWithStreets.evaluate<number>('window.engine.getView().zoom')
    await pageWithStreets.keyboard.press('+')
    await expect
      .poll(() => pageWithStreets.evaluate<number>('window.engine.getView().zoom'))
      .toBeGreaterThan(before + 0.9)
    await pageWithStreets.evaluate(`(async () => {
      const { engine, messagesIn } = window
      engine.setTheme('dark')
      engine.setLocale('en', messagesIn('en'))
      engine.setAreaLevel('community')
      engine.setMarker({ lngLat: [-122.42, 37.76], color: '#b4450b' })
      engine.setHeat({ density: new Uint8Array(16).fill(200), width: 4, height: 4, bbox: [-122.5, 37.7, -122.4, 37.8] })
      await engine.whenIdle()
      engine.setHeat(null)
      await engine.whenIdle()
    })()`)
    expect(await pageWithStreets.getByRole('button', { name: 'Zoom in' }).count()).toBe(1)
    expect(await pageWithStreets.locator('#map').getAttribute('data-map-theme')).toBe('dark')
    expect(errors).toEqual([])
  })

  it('draws the heat where it lies, and no more where the points are', async () => {
    await open('zoom=12&theme=light')
    const changes = await page.evaluate(`(async () => {
      const { engine } = window
      const gl = document.querySelector('#map canvas').getContext('webgl2')
      const look = async (heat) => {
        engine.setHeat(heat)
        await engine.whenRendered()
        return [0.25, 0.75].map((share) => {
          const pixel = new Uint8Array(4)
          const [x, y] = [gl.drawingBufferWidth * share, gl.drawingBufferHeight / 2]
          gl.readPixels(x, y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel)
          return pixel.join()
        })
      }
      const compare = async (zoom) => {
        engine.setView({ ...engine.getView(), zoom })
        await engine.whenIdle()
        // Nothing in the west, all of it in the east.
        const density = new Uint8Array([0, 0, 255, 255])
        const none = await look(null)
        const some = await look({ density, width: 4, height: 1, bbox: engine.getView().bbox })
        engine.setHeat(null)
        return some.map((pixel, i) => pixel !== none[i])
      }
      return [await compare(12), await compare(15)]
    })()`)
    expect(changes).toEqual([
      [false, true],
      [false, false],
    ])
  })

  it('finds the device inside the city, and gives the reason when it may not', async () => {
    const context = page.context()
    await context.grantPermissions(['geolocation'])
    await context.setGeolocation({ longitude: -122.41, latitude: 37.77, accuracy: 40 })
    await open('zoom=12')
    expect(await page.evaluate('window.engine.locate()')).toMatchObject({
      ok: true,
      insideCity: true,
      accuracyMeters: 40,
    })
    await context.clearPermissions()
    expect(await page.evaluate('window.engine.locate()')).toEqual({ ok: false, reason: 'denied' })
  })

  it('is quiet once destroyed', async () => {
    await open('zoom=12')
    await page.evaluate(`(async () => {
      const { engine } = window
      engine.destroy()
      engine.setTheme('dark')
      engine.setHeat(null)
      engine.fitBounds([-122.5, 37.7, -122.4, 37.8])
      await engine.whenIdle()
    })()`)
    expect(await page.locator('#map button').count()).toBe(0)
  })
})
