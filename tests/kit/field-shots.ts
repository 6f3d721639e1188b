/** Prepares the guide's pictures of field work: something reported, asked back, in conflict, unsent. */
import { randomUUID } from 'node:crypto'
import type { BrowserContext, Page } from 'playwright'
import { apiClient, applyCommand } from './api.ts'
import { enqueueInPage } from './commands.ts'
import { slow } from './patience.ts'

type Words = { reports: [string, string, string][]; question: string; mine: string; theirs: string }
const words: Record<'en' | 'zh-CN', Words> = {
  en: {
    reports: [
      ['sewer', 'Manhole cover loose, rattles when cars pass', 'Valencia St & 18th St'],
      ['noise', 'Construction noise before seven in the morning', '24th St'],
      ['graffiti_public', 'Graffiti on the park wall', 'Dolores Park, east gate'],
    ],
    question: 'Which side of the street is it?',
    mine: 'Manhole cover loose, one bolt is missing',
    theirs: 'Manhole cover loose, cordoned off',
  },
  'zh-CN': {
    reports: [
      ['sewer', '井盖松动，车辆经过有异响', '瓦伦西亚街与 18 街路口'],
      ['noise', '早上七点前施工噪声扰民', '24 街'],
      ['graffiti_public', '公园围墙有涂鸦', '多洛雷斯公园东门'],
    ],
    question: '请问在道路哪一侧？',
    mine: '井盖松动，缺一颗螺栓',
    theirs: '井盖松动，已设围挡',
  },
}
const places = [
  [-122.4212, 37.7615],
  [-122.4178, 37.7524],
  [-122.4249, 37.7598],
] as const

/** Three reports of the field worker; the first is asked about, and corrected by the manager. */
export async function reportDay(url: string, locale: 'en' | 'zh-CN'): Promise<string> {
  const field = await apiClient(url, 'field')
  const manager = await apiClient(url, 'manager')
  const { reports, question, theirs } = words[locale]
  const ids: string[] = []
  for (const [index, [categoryCode, description, addressLabel]] of reports.entries()) {
    const [lon, lat] = places[index]!
    const incidentId = randomUUID()
    ids.push(incidentId)
    await applyCommand(field, 'report_incident', {
      incidentId,
      categoryCode,
      description,
      addressLabel,
      lon,
      lat,
    })
  }
  const [first, second] = ids as [string, string]
  await applyCommand(manager, 'add_note', { incidentId: second, note: question, asks: true })
  await applyCommand(manager, 'correct_incident', {
    incidentId: first,
    baseVersion: 1,
    changes: { description: theirs, severity: 3 },
  })
  return first
}

/** Makes a conflict on this device. @returns the item's id */
export async function meetConflict(page: Page, incidentId: string, locale: 'en' | 'zh-CN') {
  await page.getByTestId('sync-line').waitFor(slow)
  const item = await enqueueInPage(page, 'correct_incident', {
    incidentId,
    baseVersion: 1,
    changes: { description: words[locale].mine, severity: 4 },
  })
  await page.goto(`${new URL(page.url()).origin}/outbox?item=${item}`)
  await page.getByTestId('merge').waitFor(slow)
  return item
}

/** Goes offline and leaves two reports waiting. */
export async function leaveUnsent(page: Page, context: BrowserContext, locale: 'en' | 'zh-CN') {
  await page.getByTestId('sync-line').waitFor(slow)
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => null))
  await context.setOffline(true)
  for (const [index, [categoryCode, description, addressLabel]] of words[locale].reports
    .slice(1)
    .entries()) {
    const [lon, lat] = places[index]!
    await enqueueInPage(page, 'report_incident', {
      incidentId: randomUUID(),
      categoryCode,
      description,
      addressLabel,
      lon: lon + 0.002,
      lat: lat - 0.001,
    })
  }
}

/** Fills the capture page as far as one does before sending. */
export async function fillCapture(page: Page, locale: 'en' | 'zh-CN'): Promise<void> {
  await page.getByTestId('place-name').filter({ hasText: /\S/ }).waitFor(slow)
  await page.getByTestId('category-all').click()
  await page.getByTestId('category-search').fill(locale === 'en' ? 'sewer' : '污水')
  await page.getByTestId('category-picker').locator('[data-code=sewer]').click()
  await page.getByTestId('description').fill(words[locale].reports[0]![1])
  await page.locator('[data-testid=save-status][data-state=saved]').waitFor(slow)
  await page.evaluate(() => scrollTo(0, 0))
}
