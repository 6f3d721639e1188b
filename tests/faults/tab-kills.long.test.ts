import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { launchChromium } from '../kit/browser.ts'
import { patient, slow } from '../kit/patience.ts'
import { fieldDevice, openCapture, photoFile, readKept, type Kept } from './field-tab.ts'
import { seededRandom, seedOfRun } from './seeded-random.ts'

const isLong = process.env.FAULTS === 'long'
const kills = isLong ? 200 : 10
/** Of the ten that a report may hold. */
const photosPerDraft = 8

const url = inject('appUrl')
let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

declare global {
  interface Window {
    /** Set by the test: where the page tells what it shows. */
    noteSaved(hashes: string[]): void
    /** Stop once more photos than these are shown as saved. */
    stopAbove?: number
  }
}

/** Runs in the page: tells every photo that is in sight while the page says that all is saved. */
function watchSaved(): void {
  const told = new Set<string>()
  new MutationObserver(() => {
    if (!document.querySelector('[data-testid=save-status][data-state=saved]')) return
    const shown = [...document.querySelectorAll<HTMLElement>('[data-photo-hash]')].map(
      (element) => element.dataset.photoHash!,
    )
    const fresh = shown.filter((hash) => !told.has(hash))
    if (fresh.length === 0) return
    for (const hash of fresh) told.add(hash)
    window.noteSaved(fresh)
    // Nothing of the page runs on from here: whatever the disk does not have yet never comes.
    if (shown.length > (window.stopAbove ?? Infinity)) debugger
  }).observe(document, { subtree: true, childList: true, attributes: true })
}

const kinds = [
  { moment: 'any', way: 'crash' },
  { moment: 'as it says saved', way: 'crash' },
  { moment: 'any', way: 'close' },
  { moment: 'as it says saved', way: 'close' },
] as const

/** Kills the tab `wait` ms after a photo was chosen, or the moment it is shown as saved. */
async function addAndKill(
  page: Page,
  file: ReturnType<typeof photoFile>,
  how: (typeof kinds)[number] & { wait: number; kept: number },
): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  const isStopped = new Promise((resolve) => devtools.once('Debugger.paused', resolve))
  if (how.moment !== 'any') {
    await devtools.send('Debugger.enable')
    await page.evaluate((kept) => void (window.stopAbove = kept), how.kept)
  }
  await page.getByTestId('photo-gallery').setInputFiles(file)
  // The moment of the kill is what is tested.
  if (how.moment === 'any') await new Promise((resolve) => setTimeout(resolve, how.wait))
  else await isStopped
  if (how.way === 'crash') {
    const gone = page.waitForEvent('crash', slow)
    // No one is left to answer.
    devtools.send('Page.crash').catch(() => undefined)
    await gone
  }
  await page.close({ runBeforeUnload: false })
}

test(
  `${kills} tab kills while a photo is being saved: what was shown as saved is there`,
  { timeout: patient(kills * 60_000) },
  async () => {
    const seed = seedOfRun()
    console.log(`seed ${seed} (FAULT_SEED=${seed} repeats this run)`)
    const random = seededRandom(seed)
    const { context, database } = await fieldDevice(browser, url)
    const shownAsSaved = new Set<string>()
    await context.exposeBinding('noteSaved', (_source, hashes: string[]) => {
      for (const hash of hashes) shownAsSaved.add(hash)
    })
    await context.addInitScript(watchSaved)

    // the disk outlives the tabs: it is read past them, by a page that is never killed
    const reader = await context.newPage()
    await reader.goto(`${url}/favicon.svg`)

    const missing = new Set<string>()
    const damaged = new Set<string>()
    const unnamed = new Set<string>()
    const done: Record<string, number> = {}
    let draft: Kept['drafts'][number] | undefined
    for (let kill = 1; kill <= kills; kill += 1) {
      const page = await openAfterKill(context, draft?.id)
      // Photos of the draft that was in hand come back with it.
      if (draft)
        await page
          .getByTestId('photo')
          .nth(draft.photoHashes.length - 1)
          .waitFor(slow)
      const how = {
        ...kinds[kill % kinds.length]!,
        wait: random.whole(0, 1200),
        kept: draft?.photoHashes.length ?? 0,
      }
      await addAndKill(page, photoFile(kill), how)
      done[`${how.way}, ${how.moment}`] = (done[`${how.way}, ${how.moment}`] ?? 0) + 1

      const kept = await readKept(reader, database)
      const named = new Set(kept.drafts.flatMap(({ photoHashes }) => photoHashes))
      for (const hash of shownAsSaved) {
        if (!(hash in kept.pictures)) missing.add(hash)
        else if (kept.pictures[hash] !== hash) damaged.add(hash)
        if (!named.has(hash)) unnamed.add(hash)
      }
      draft = kept.drafts.find(({ photoHashes }) => photoHashes.length < photosPerDraft)
    }
    await context.close()

    const present = shownAsSaved.size - missing.size
    console.log(`kills: ${JSON.stringify(done)}`)
    console.log(
      `${kills} kills, ${shownAsSaved.size} photos shown as saved, ${present} present, ` +
        `${damaged.size === 0 ? 'hashes equal' : `${damaged.size} hashes differ`}, ` +
        `${unnamed.size} not named by a draft`,
    )
    expect(Object.keys(done)).toHaveLength(kinds.length)
    expect(shownAsSaved.size).toBeGreaterThan(kills / 4)
    expect([...missing]).toEqual([])
    expect([...damaged]).toEqual([])
    expect([...unnamed]).toEqual([])
  },
)

/** Chromium may lose the navigation that follows a killed tab. */
async function openAfterKill(context: BrowserContext, draft?: string): Promise<Page> {
  for (let attempt = 1; ; attempt++)
    try {
      return await openCapture(context, url, draft)
    } catch (error) {
      if (attempt === 5) throw error
    }
}
