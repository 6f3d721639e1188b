/** A field worker's tab in a real Chromium, and what lies on the disk under it. */
import type { Browser, BrowserContext, Page } from 'playwright'
import { jpegFile } from '../fixtures/photo-files.ts'
import { apiClient } from '../kit/api.ts'
import { sendReport } from '../kit/send-report.ts'
import { openPage } from '../kit/session.ts'
import { withoutWebGl } from '../kit/without-webgl.ts'
import { slow } from '../kit/patience.ts'

const phone = { width: 390, height: 844, touch: true } as const
/** In the demo city, where the demo's field worker reports. */
const mission = { longitude: -122.4194, latitude: 37.7599, accuracy: 8 }

/**
 * A photo file as a picker hands it over. The app encodes it anew, and the pictures are all of one
 * grey: only its size gives every photo a hash of its own.
 */
export function photoFile(number: number): { name: string; mimeType: string; buffer: Buffer } {
  const size = { width: 800 + (number % 400), height: 600 + Math.floor(number / 400) }
  return {
    name: `photo-${number}.jpg`,
    mimeType: 'image/jpeg',
    buffer: Buffer.from(jpegFile({ ...size, seed: number })),
  }
}

async function outboxNameOf(url: string): Promise<string> {
  const config = (await (await fetch(`${url}/config.json`)).json()) as { instanceId: string }
  const { data } = await (await apiClient(url, 'field')).auth.getUser()
  return `wangge-${config.instanceId}-${data.user?.id}`
}

/** Contents of the browser's own storage, read past the app. */
export interface Kept {
  drafts: { id: string; photoHashes: string[]; description: string }[]
  /** Key of each stored picture → SHA-256 of the bytes under it. */
  pictures: Record<string, string>
  queued: number
  received: number
}

/** Reads the outbox raw: no code of the app takes part. */
export const readKept = (page: Page, database: string): Promise<Kept> =>
  page.evaluate(async (name): Promise<Kept> => {
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(new Error(`${name}: ${request.error?.message}`))
      })
    const db = await done(indexedDB.open(name))
    try {
      const all = <T>(table: string): Promise<T[]> =>
        done(db.transaction(table).objectStore(table).getAll() as IDBRequest<T[]>)
      const pictures: Record<string, string> = {}
      for (const { hash, bytes } of await all<{ hash: string; bytes: ArrayBuffer }>('photoBytes')) {
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
        pictures[hash] = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
      }
      const drafts = await all<{
        id: string
        photoHashes: string[]
        form: { description: string }
      }>('drafts')
      return {
        drafts: drafts.map(({ id, photoHashes, form }) => ({
          id,
          photoHashes,
          description: form.description,
        })),
        pictures,
        queued: (await all('items')).length,
        received: (await all('receipts')).length,
      }
    } finally {
      db.close()
    }
  }, database)

/** Opens the capture page in a new tab. */
export async function openCapture(
  context: BrowserContext,
  url: string,
  draft?: string,
): Promise<Page> {
  const page = await context.newPage()
  try {
    await page.goto(`${url}/capture${draft ? `?draft=${draft}` : ''}`, slow)
    await page.getByTestId('photo-gallery').waitFor({ state: 'attached', ...slow })
    return page
  } catch (error) {
    await page.close()
    throw error
  }
}

export const untilSaved = (page: Page): Promise<void> =>
  page.locator('[data-testid=save-status][data-state=saved]').waitFor(slow)

/** Picks a category; `search` finds it as long as it is not among those used last. */
export async function chooseCategory(page: Page, code: string, search: string): Promise<void> {
  const used = page.getByTestId('section-category').locator(`[data-code=${code}]`)
  if (await used.isVisible()) return used.tap()
  await page.getByTestId('category-all').tap()
  await page.getByTestId('category-search').fill(search)
  await page.getByTestId('category-picker').locator(`[data-code=${code}]`).tap()
}

/** Takes the form in hand into the queue. */
export async function putInQueue(page: Page): Promise<void> {
  await untilSaved(page)
  await sendReport(page)
}

export interface FieldDevice {
  context: BrowserContext
  /** Name of the IndexedDB database of the outbox. */
  database: string
}

/**
 * A phone's browser in which the demo's field worker is signed in, standing in the street. It has
 * no WebGL: the form works without its map, which would be half of the work of each load.
 * @param options.serviceWorker for a page loaded without a network
 */
export async function fieldDevice(
  browser: Browser,
  url: string,
  { serviceWorker = false } = {},
): Promise<FieldDevice> {
  const { context, page } = await openPage(browser, {
    url,
    role: 'field',
    path: '/account',
    serviceWorker,
    ...phone,
  })
  await page.getByTestId('user-menu').waitFor(slow)
  if (serviceWorker)
    await page.waitForFunction(
      () => navigator.serviceWorker.controller?.state === 'activated',
      null,
      slow,
    )
  // Left blank, not closed: where the last page closes under the debugger while the service worker
  // settles, the next navigation may wait for ever.
  await page.goto('about:blank')
  await withoutWebGl(page)
  await context.grantPermissions(['geolocation'])
  await context.setGeolocation(mission)
  return { context, database: await outboxNameOf(url) }
}
