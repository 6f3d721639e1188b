/** Words for an element whose meaning or text cannot be seen: an icon's name, a title, a cut text. */
export interface Hint {
  element: Element
  text: string
}

const controls = 'button, a[href], summary, label, [role="button"], [role="tab"], [role="menuitem"]'
/** Cut texts are looked for this far up: a coloured word inside a line is not the line. */
const levelsUp = 4

/** @param isFocused cut texts are told to the pointer alone: a focused row would repeat all it says */
export function hintOf(target: Element, isFocused = false): Hint | null {
  const control = target.closest(controls)
  const titled = target.closest('[title]')
  const cut = isFocused ? null : cutText(target)
  if (cut && !cut.element.closest('[title]')) return cut
  if (titled && (!control || control.contains(titled) || titled === control)) {
    const text = titled.getAttribute('title')!.trim()
    const isSeen = text === shownText(titled) && !cut
    return text && !isSeen ? { element: titled, text } : null
  }
  if (!control || /\p{L}/u.test(shownText(control))) return null
  const text = nameOf(control)
  return text ? { element: control, text } : null
}

function cutText(target: Element): Hint | null {
  let element: Element | null = target
  for (let level = 0; element && level < levelsUp; level++, element = element.parentElement) {
    const { textOverflow, webkitLineClamp } = getComputedStyle(element)
    const isCut =
      (textOverflow === 'ellipsis' && element.scrollWidth > element.clientWidth) ||
      (/\d/.test(webkitLineClamp) && element.scrollHeight > element.clientHeight + 1)
    if (isCut) return { element, text: (element.textContent ?? '').replaceAll(/\s+/g, ' ').trim() }
  }
  return null
}

/** Without parts for assistive technology alone, which are one pixel wide. */
function shownText(element: Element): string {
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
  let shown = ''
  while (texts.nextNode()) {
    const { parentElement, nodeValue } = texts.currentNode
    if (parentElement && parentElement.clientWidth !== 1 && parentElement.getClientRects().length)
      shown += nodeValue
  }
  return shown.replaceAll(/\s+/g, ' ').trim()
}

function nameOf(control: Element): string {
  const by = control.getAttribute('aria-labelledby')?.split(' ') ?? []
  const labelled = by.map((id) => document.getElementById(id)?.textContent ?? '').join(' ')
  const name = control.getAttribute('aria-label') || labelled || control.textContent || ''
  return name.replaceAll(/\s+/g, ' ').trim()
}
