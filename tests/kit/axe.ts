import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright'
import { slow } from './patience.ts'

/**
 * Waits for the fades after a change of theme or width: half-way colours would fail the contrast.
 * A child's inherited colour fades only after its parent's, so several frames must be quiet.
 */
export async function colorsSettle(page: Page): Promise<void> {
  // what waits for newer answers is dimmed as long
  await page
    .locator('[class*=opacity-][aria-busy=true]')
    .first()
    .waitFor({ state: 'detached', ...slow })
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

let source: string | undefined
/** The one that is no module. */
const axeSource = (): string =>
  (source ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'))

/**
 * Lists the findings of axe, one line a rule. Its code is put into a page once: to read it takes as long as to judge
 * a small page.
 * @param part CSS selector; by default the whole page
 * @param rules by default all
 */
export async function axeFindings(
  page: Page,
  { part, rules }: { part?: string; rules?: readonly string[] } = {},
): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource())
  return page.evaluate(
    async ([context, only]) => {
      const { axe } = window as unknown as { axe: typeof import('axe-core') }
      const { violations } = await axe.run(context ?? document, {
        resultTypes: ['violations'],
        // style sheets are read for a rule alone that is experimental and not asked
        preload: { assets: ['media'] },
        ...(only && { runOnly: { type: 'rule', values: [...only] } }),
      })
      return violations.map(({ id, nodes }) => {
        const where = nodes.map(
          ({ target, any }) => `${target.join(' ')} (${any[0]?.message ?? ''})`,
        )
        return `${id}: ${where.join(' | ')}`
      })
    },
    [part, rules] as const,
  )
}

/**
 * Lists the findings of axe on the page as it stands, by default light and dark. The themes differ in colours
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
    const rules = index > 0 ? colorRules : undefined
    for (const line of await axeFindings(page, { rules })) found.push(`${theme} ${line}`)
  }
  return found
}
