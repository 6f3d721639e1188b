import type { Page } from 'playwright'

/**
 * Finds texts that are cut where nothing says so: wider or higher than the place that hides the rest, without an
 * ellipsis, which the app explains on demand.
 *
 * @returns one line each: the text and by how many pixels it is cut
 */
export const cutTexts = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const shown = [...document.querySelectorAll('body *')].filter(
      (element): element is HTMLElement =>
        element instanceof HTMLElement &&
        [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent!.trim()) &&
        element.checkVisibility({ visibilityProperty: true, opacityProperty: true }),
    )
    return shown.flatMap((element) => {
      const text = element.textContent.trim().slice(0, 40)
      const range = document.createRange()
      range.selectNodeContents(element)
      const own = range.getBoundingClientRect()
      for (let place: HTMLElement | null = element; place; place = place.parentElement) {
        const { overflowX, overflowY, textOverflow, webkitLineClamp } = getComputedStyle(place)
        if (textOverflow === 'ellipsis' || webkitLineClamp !== 'none') return []
        const box = place.getBoundingClientRect()
        // for screen readers alone
        if (box.width <= 1) return []
        if (overflowX === 'hidden' || overflowX === 'clip') {
          const pixels = Math.round(Math.max(own.right - box.right, box.left - own.left))
          if (pixels > 1) return [`"${text}" by ${pixels}`]
        }
        if (overflowX === 'auto' || overflowY === 'auto' || overflowY === 'scroll') return []
        if (overflowY === 'hidden' && own.height > box.height + 3 && place === element)
          return [`"${text}" by ${Math.round(own.height - box.height)} in height`]
      }
      return []
    })
  })
