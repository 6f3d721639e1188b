import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { apiClient, call } from '../kit/api.ts'
import { launchChromium } from '../kit/browser.ts'
import { chooseCategory, fieldDevice, openCapture, putInQueue, readKept } from './field-tab.ts'
import { clickIfShown } from '../kit/click-if-shown.ts'
import { returnNetwork } from '../kit/network.ts'
import { slow, slower } from '../kit/patience.ts'

/** Sent while both tabs are open, and left in the queue for the tab that is closed while it sends. */
const [sentTogether, handedOver] = process.env.FAULTS === 'long' ? [10, 20] : [4, 8]
const sendCalls = '**/rest/v1/rpc/apply_commands*'

const url = inject('appUrl')
let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

/** Reports one incident through the form. */
async function report(page: Page, description: string): Promise<void> {
  await clickIfShown(page.getByTestId('new-report'))
  await chooseCategory(page, 'sewer', 'sewer')
  await page.getByTestId('description').fill(description)
  await putInQueue(page)
}

/** Tabs that hold the sender's lock, and tabs that wait for it. */
const senderLocks = (page: Page, database: string) =>
  page.evaluate(async (lock) => {
    const { held = [], pending = [] } = await navigator.locks.query()
    const count = (locks: LockInfo[]) => locks.filter(({ name }) => name === lock).length
    return { held: count(held), waiting: count(pending) }
  }, `${database}-sender`)

test('two tabs of one device: one sends; closed in the middle of a call, the other goes on; all arrive once', async () => {
  const { context, database } = await fieldDevice(browser, url)
  const tabs = [await openCapture(context, url), await openCapture(context, url)]
  const calls = new Map<Page, number>(tabs.map((tab) => [tab, 0]))
  const isSendCall = (url: string) => url.includes('/rpc/apply_commands')
  for (const tab of tabs)
    tab.on('request', (request) => {
      if (isSendCall(request.url())) calls.set(tab, calls.get(tab)! + 1)
    })
  const written: string[] = []
  const writeAlternately = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) {
      const description = `two tabs ${written.length + 1}`
      await report(tabs[n % 2]!, description)
      written.push(description)
    }
  }
  const counts = async (reader: Page): Promise<[queued: number, received: number]> => {
    const { queued, received } = await readKept(reader, database)
    return [queued, received]
  }

  await writeAlternately(sentTogether)
  await expect.poll(() => counts(tabs[1]!), slower).toEqual([0, sentTogether])
  const [sender, ...others] = [...tabs].sort((a, b) => calls.get(b)! - calls.get(a)!)
  const other = others[0]!
  expect(calls.get(sender!)).toBeGreaterThan(0)
  expect(calls.get(other)).toBe(0)

  await context.setOffline(true)
  await writeAlternately(handedOver)
  expect(await counts(other)).toEqual([handedOver, sentTogether])
  // The server takes it all, and its answer never comes.
  const sentBefore = calls.get(sender!)!
  const reached = new Promise<number>((resolve, reject) => {
    void sender!.route(sendCalls, (route) => {
      route.fetch().then((answer) => resolve(answer.status()), reject)
    })
  })
  await returnNetwork(context)
  expect(await reached).toBe(200)
  // The other tab waits for the sender's lock, so it cannot be sending.
  await expect.poll(() => senderLocks(other, database), slow).toEqual({ held: 1, waiting: 1 })
  expect(calls.get(sender!)).toBe(sentBefore + 1)
  expect(calls.get(other)).toBe(0)
  expect(await counts(other)).toEqual([handedOver, sentTogether])

  await sender!.close()
  await expect.poll(() => counts(other), slower).toEqual([0, written.length])
  expect(calls.get(other)).toBeGreaterThan(0)
  const field = await apiClient(url, 'field')
  const day = await call<{ own: { description: string }[] }>(field, 'my_day', { p_days: 1 })
  const arrived = day.own
    .map(({ description }) => description)
    .filter((description) => description.startsWith('two tabs '))
  console.log(
    `${written.length} reports through two tabs: ${new Set(arrived).size} arrived, ` +
      `${arrived.length - new Set(arrived).size} twice; calls by the sending tab ${calls.get(sender!)}, ` +
      `by the other after it was closed ${calls.get(other)}`,
  )
  expect(arrived.toSorted()).toEqual(written.toSorted())
  await context.close()
})
