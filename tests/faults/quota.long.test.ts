import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import en from '../../src/locales/en/capture.json' with { type: 'json' }
import { apiClient, call } from '../kit/api.ts'
import { launchChromium } from '../kit/browser.ts'
import {
  chooseCategory,
  fieldDevice,
  openCapture,
  photoFile,
  putInQueue,
  readKept,
  untilSaved,
} from './field-tab.ts'
import { returnNetwork } from '../kit/network.ts'
import { sendReport } from '../kit/send-report.ts'
import { patient, slow, slower } from '../kit/patience.ts'

const url = inject('appUrl')
let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

/**
 * Whether the browser takes another 64 kB for this origin, tried in a database of its own: it
 * goes by a changed quota only some seconds later.
 */
const hasRoom = (page: Page): Promise<boolean> =>
  page.evaluate(async () => {
    const opening = indexedDB.open('filler', 1)
    opening.onupgradeneeded = () =>
      opening.result.createObjectStore('bytes', { autoIncrement: true })
    await new Promise<void>((resolve, reject) => {
      opening.onsuccess = () => resolve()
      opening.onerror = () => reject(new Error(String(opening.error)))
    })
    const filling = opening.result.transaction('bytes', 'readwrite', { durability: 'strict' })
    const result = new Promise<boolean>((resolve, reject) => {
      filling.oncomplete = () => resolve(true)
      filling.onabort = () =>
        filling.error?.name === 'QuotaExceededError'
          ? resolve(false)
          : reject(new Error(String(filling.error)))
    })
    filling.objectStore('bytes').add(crypto.getRandomValues(new Uint8Array(65_536)))
    return result.finally(() => opening.result.close())
  })

async function setQuota(page: Page, bytes: number | null): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  const origin = new URL(page.url()).origin
  await devtools.send('Storage.overrideQuotaForOrigin', {
    origin,
    ...(bytes !== null && { quotaSize: bytes }),
  })
  await expect.poll(() => hasRoom(page), { ...slower, interval: 500 }).toBe(bytes === null)
}

const addPhoto = (page: Page, number: number): Promise<void> =>
  page.getByTestId('photo-gallery').setInputFiles(photoFile(number))

test('with no room left the page says so, keeps form, draft and queue, and goes on when there is room', async () => {
  const { context, database } = await fieldDevice(browser, url, { serviceWorker: true })
  const page = await openCapture(context, url)
  await context.setOffline(true)
  await addPhoto(page, 1)
  await page.getByTestId('photo').first().waitFor(slow)
  await chooseCategory(page, 'sewer', 'sewer')
  await page.getByTestId('description').fill('queued before it was full')
  await putInQueue(page)
  await page.getByTestId('new-report').tap()
  await addPhoto(page, 2)
  await page.getByTestId('photo').first().waitFor(slow)
  await chooseCategory(page, 'sewer', 'sewer')
  await page.getByTestId('description').fill('kept before it was full')
  await untilSaved(page)
  const before = await readKept(page, database)
  expect(before).toMatchObject({ queued: 1, drafts: [{ description: 'kept before it was full' }] })
  expect(Object.keys(before.pictures)).toHaveLength(2)

  await setQuota(page, 1)
  await addPhoto(page, 3)
  const refused = page.getByTestId('photo-refused')
  await refused.waitFor(slow)
  expect(await refused.innerText()).toContain(en.refusal['no-room'])
  expect(await page.getByTestId('photo').count()).toBe(1)
  await page.getByTestId('description').fill('typed when it was full')
  const failed = page.locator('[data-testid=save-status][data-state=failed]')
  await failed.waitFor(slow)
  expect(await failed.innerText()).toBe(en.save.failed.full)
  expect(await page.getByTestId('description').inputValue()).toBe('typed when it was full')
  // A finished form cannot be queued now; nor may it be lost.
  await sendReport(page, page.getByTestId('send-problem').filter({ hasText: en.send.failed.full }))
  expect(await readKept(page, database)).toEqual(before)

  await page.reload()
  await page.getByTestId('photo').first().locator('img').waitFor(slow)
  expect(await page.getByTestId('description').inputValue()).toBe('kept before it was full')
  expect(await readKept(page, database)).toEqual(before)

  await setQuota(page, null)
  await addPhoto(page, 3)
  await page.getByTestId('photo').nth(1).waitFor(slow)
  await page.getByTestId('description').fill('sent when there was room again')
  await putInQueue(page)
  expect(await readKept(page, database)).toMatchObject({ queued: 2, drafts: [] })
  await returnNetwork(context)
  // Five minutes is the longest that the queue waits between two tries.
  await expect
    .poll(() => readKept(page, database), { timeout: patient(330_000) })
    .toEqual({ drafts: [], queued: 0, received: 2, pictures: {} })

  const field = await apiClient(url, 'field')
  const day = await call<{ own: { id: string; description: string }[] }>(field, 'my_day', {
    p_days: 1,
  })
  const photosOf = async (description: string): Promise<number> => {
    const [found] = day.own.filter((row) => row.description === description)
    const detail = await call<{ photos: { isChecked: boolean }[] }>(field, 'incident_detail', {
      p_id: found?.id,
    })
    return detail.photos.filter(({ isChecked }) => isChecked).length
  }
  expect(await photosOf('queued before it was full')).toBe(1)
  expect(await photosOf('sent when there was room again')).toBe(2)
  await context.close()
})
