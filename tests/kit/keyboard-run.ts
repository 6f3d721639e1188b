import type { Page } from 'playwright'

/** More than any page has before its end: a longer run is a trap. */
const mostStops = 400

interface Stop {
  /** Told apart from all others of the page. */
  id: number
  name: string
  inMain: boolean
  isVisible: boolean
  hasRing: boolean
  isWordless: boolean
  hint: string
}

/**
 * Goes through the page by Tab, from its beginning, and tells what is wrong: a focus that cannot be seen,
 * a trap, a main part that is never reached, a button without words whose hint does not come.
 * @param stops ends after so many: pages of a hundred rows repeat themselves
 */
export async function keyboardProblems(page: Page, stops = 40): Promise<string[]> {
  const found = new Set<string>()
  const hasStops = await page.evaluate(() => {
    // from the page's beginning, wherever the focus was
    document.documentElement.tabIndex = -1
    document.documentElement.focus({ preventScroll: true })
    document.documentElement.removeAttribute('tabindex')
    return (
      document.querySelector('main :is(a[href], button, input, select, [tabindex="0"])') !== null
    )
  })
  const seen = new Set<number>()
  let last = -1
  let isMainReached = false
  for (let count = 0; count < Math.min(stops, mostStops); count++) {
    await page.keyboard.press('Tab')
    let stop = await settledStop(page)
    if (stop && !stop.isVisible) {
      // charts that came after it pushed it away: a person goes back and comes again
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.press('Tab')
      stop = await settledStop(page)
    }
    // past the last one the browser's own bars begin
    if (stop === null) break
    if (stop.id === last) found.add(`Tab does not leave ${stop.name}`)
    if (seen.has(stop.id)) break
    seen.add(stop.id)
    last = stop.id
    isMainReached ||= stop.inMain
    if (!stop.isVisible) found.add(`has the focus unseen: ${stop.name}`)
    else if (!stop.hasRing) found.add(`does not show the focus: ${stop.name}`)
    if (stop.isWordless && !stop.hint) found.add(`has no hint: ${stop.name}`)
  }
  if (hasStops && !isMainReached)
    found.add(`the keyboard does not reach the page in ${seen.size} stops`)
  return [...found]
}

/** Waits some frames for a stop whose place or hint is still missing: a page that draws moves its parts. */
async function settledStop(page: Page): Promise<Stop | null> {
  let stop = await page.evaluate(currentStop)
  const isUnsettled = () => stop && (!stop.isVisible || (stop.isWordless && !stop.hint))
  for (let tries = 0; tries < 20 && isUnsettled(); tries++) {
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
    stop = await page.evaluate(currentStop)
  }
  return stop
}

/** Runs in the page. */
function currentStop(): Stop | null {
  const at = document.activeElement
  if (!at || at === document.body || at === document.documentElement) return null
  const known = ((window as unknown as { stops?: Map<Element, number> }).stops ??= new Map())
  if (!known.has(at)) known.set(at, known.size)
  // a hidden radio button or checkbox shows its focus on its label
  const shown = at.matches('input') && at.clientWidth <= 1 ? (at.closest('label') ?? at) : at
  const box = shown.getBoundingClientRect()
  const isVisible =
    box.width > 0 &&
    box.height > 0 &&
    box.right > 0 &&
    box.bottom > 0 &&
    box.left < innerWidth &&
    box.top < innerHeight
  const style = getComputedStyle(shown)
  const inner = shown.querySelector('[class*="group-focus-visible"]')
  const hasRing =
    (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) ||
    style.boxShadow !== 'none' ||
    inner !== null ||
    shown.matches('canvas, main')
  const words = document.createTreeWalker(at, NodeFilter.SHOW_TEXT)
  let text = ''
  while (words.nextNode()) {
    const parent = words.currentNode.parentElement
    if (parent && parent.clientWidth !== 1 && parent.getClientRects().length > 0)
      text += words.currentNode.nodeValue
  }
  const isWordless = at.matches('button, a[href], summary') && !/\p{L}/u.test(text)
  const hint = document.querySelector('[data-testid=hint]:not(.hidden)')?.textContent?.trim() ?? ''
  const name = at.getAttribute('aria-label') ?? (text.trim().slice(0, 40) || at.tagName)
  return {
    id: known.get(at)!,
    name: `${at.tagName.toLowerCase()} ${name}`,
    inMain: at.closest('main') !== null,
    isVisible,
    hasRing,
    isWordless,
    hint,
  }
}
