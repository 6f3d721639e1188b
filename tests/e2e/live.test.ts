import { randomUUID } from 'node:crypto'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { apiClient, call } from '../support/api.ts'
import { launchChromium } from '../support/browser.ts'
import { openPage, shownCount } from '../support/session.ts'

interface Receipt {
  id: string
  outcome: string
  incident_id: string
}

describe('changes of another user', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  it('appear within 30 s without a reload', async () => {
    const { page, context } = await openPage(browser, {
      url,
      role: 'manager',
      path: '/map?from=2020-01-01&to=2099-12-31',
    })
    await page.getByTestId('total-count').first().waitFor()
    const before = await shownCount(page, 'total-count')

    const field = await apiClient(url, 'field')
    const { data } = await field.auth.getUser()
    const payload = JSON.stringify({
      incidentId: randomUUID(),
      categoryCode: await anyLeaf(field),
      lon: -122.4194,
      lat: 37.7599,
      description: 'A mattress on the pavement',
    })
    const id = randomUUID()
    const receipts = await call<Receipt[]>(field, 'apply_commands', {
      p_commands: [{ id, actor: data.user?.id, type: 'report_incident', at: new Date().toISOString(), payload }],
    })
    expect(receipts).toMatchObject([{ id, outcome: 'applied' }])

    await expect
      .poll(() => shownCount(page, 'total-count'), { timeout: 30_000, interval: 500 })
      .toBe(before + 1)
    await expect
      .poll(() => page.getByTestId('list-row').count(), { timeout: 10_000 })
      .toBeGreaterThan(0)
    await context.close()
  })
})

async function anyLeaf(client: Parameters<typeof call>[0]): Promise<string> {
  const categories = await call<{ code: string; parentCode: string | null }[]>(client, 'category_list')
  const parents = new Set(categories.map((one) => one.parentCode))
  const leaf = categories.find((one) => !parents.has(one.code))
  if (!leaf) throw new Error('no leaf category')
  return leaf.code
}
