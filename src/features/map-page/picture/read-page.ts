import type { PictureEntry, PictureSwatch } from './draw-picture.ts'

/**
 * Reads what the page shows, so that a picture says the same in the same language and colours.
 */
export function readLegend(root: HTMLElement): { rows: PictureSwatch[]; columns: string[] } {
  const swatches = [...root.querySelectorAll<HTMLElement>('[data-testid=swatch]')]
  const rows = swatches.map((swatch): PictureSwatch => {
    const { backgroundColor, backgroundImage } = getComputedStyle(swatch)
    const row = swatch.closest('li, tr')!
    const cells = row instanceof HTMLTableRowElement ? [...row.cells] : [...row.children].slice(1)
    return {
      color: backgroundColor,
      hatch: /(?:rgb|oklch|color)\([^)]*\)/.exec(backgroundImage)?.[0] ?? null,
      texts: cells.map(textOf),
    }
  })
  const heads = [...root.querySelectorAll('thead th')].slice(1).map(textOf)
  const columns = [...root.querySelectorAll('[data-legend-column]')].map(textOf)
  return { rows, columns: [...heads, ...columns] }
}

/** Facts on the method, and notes of the measure. */
export const readNotes = (root: HTMLElement): string[] =>
  [...root.querySelectorAll('details li, [data-legend-note] p')].map(textOf).filter(Boolean)

export const readFindings = (root: ParentNode): PictureEntry[] =>
  [...root.querySelectorAll('[data-testid=finding]')].map((card) => ({
    heading: textOf(card.querySelector('h3')),
    lines: [...card.querySelectorAll('p, [data-testid=finding-chance]')]
      .map(textOf)
      .filter(Boolean),
  }))

const textOf = (element: Element | null): string =>
  element?.textContent?.replaceAll(/\s+/g, ' ').trim() ?? ''
