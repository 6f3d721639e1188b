import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright'

/**
 * Waits for the fades after a change of theme or width: half-way colours would fail the contrast.
 * A child's inherited colour fades only after its parent's, so several frames must be quiet.
 */
export async function colorsSettle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const isFading = () =>
      document
        .getAnimations()
        .some(({ effect }) => effect?.getComputedTiming().iterations !== Infinity)
    for (let quietFrames = 0; quietFrames < 5; quietFrames++) {
      await new Promise((resolve) => requestAnimationFrame(resolve))
      if (isFading()) quietFrames = -1
    }
  })
}

/** Of WCAG 2 AA, as in the other theme; the tag `cat.color` would add AAA. */
const colorRules = ['color-contrast', 'link-in-text-block']

/** What axe finds in one theme, one line a rule. */
async function violationsIn(page: Page, colorsOnly: boolean): Promise<string[]> {
  // Legacy mode does without a second page, which only frames of other origins need.
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] })
  const { violations } = await (colorsOnly ? axe.withRules(colorRules) : axe).analyze()
  return violations.map(({ id, nodes }) => {
    const where = nodes.map(({ target, any }) => `${target.join(' ')} (${any[0]?.message ?? ''})`)
    return `${id}: ${where.join(' | ')}`
  })
}

/**
 * What axe finds on the page as it stands, by default light and dark. The themes differ in colours
 * alone: all other rules see the same page, and are asked in the first one.
 */
export async function axeProblems(
  page: Page,
  themes: readonly ('light' | 'dark')[] = ['light', 'dark'],
): Promise<string[]> {
  const found: string[] = []
  for (const [index, theme] of themes.entries()) {
    await page.emulateMedia({ colorScheme: theme })
    await page.locator(`html.${theme}`).waitFor({ state: 'attached' })
    await colorsSettle(page)
    for (const line of await violationsIn(page, index > 0)) found.push(`${theme} ${line}`)
  }
  return found
}
