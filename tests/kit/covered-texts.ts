import type { Page } from 'playwright'

/**
 * Finds texts of charts that cover each other by more than two pixels each way. Slanted ones are left out: their boxes
 * are larger than they are.
 *
 * @returns one line each: the chart and the two texts
 */
export const coveredTexts = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const most = 2
    const overlap = (a1: number, a2: number, b1: number, b2: number): number =>
      Math.min(a2, b2) - Math.max(a1, b1)
    return [...document.querySelectorAll('[data-chart]')].flatMap((chart) => {
      const texts = [...chart.querySelectorAll<SVGTextElement>('svg text')]
        .filter((text) => text.textContent.trim() !== '' && text.getScreenCTM()?.b === 0)
        .map((text) => ({ words: text.textContent, box: text.getBoundingClientRect() }))
      return texts.flatMap((one, at) =>
        texts
          .slice(at + 1)
          .filter(
            ({ box }) =>
              overlap(one.box.left, one.box.right, box.left, box.right) > most &&
              overlap(one.box.top, one.box.bottom, box.top, box.bottom) > most,
          )
          .map(({ words }) => `${chart.getAttribute('data-testid')}: "${one.words}", "${words}"`),
      )
    })
  })
