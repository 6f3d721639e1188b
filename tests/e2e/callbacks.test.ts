import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { apiClient, call } from '../kit/api.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { returnNetwork } from '../kit/network.ts'
import { slow, slower } from '../kit/patience.ts'
import { goInApp, openPage } from '../kit/session.ts'

interface Detail {
  feedback: {
    ratings: { satisfied: number; solved: boolean; responded: boolean | null; words: string }[]
  }
}

describe('call-backs', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await flowBrowser()))
  afterAll(() => browser?.close())

  it('are drawn by a leader and answered without a network, once', async () => {
    const [leader, field] = await Promise.all([
      openPage(browser, { url, role: 'leader', path: '/callbacks', webGl: false }),
      openPage(browser, {
        ...{ url, role: 'field', path: '/callbacks', webGl: false },
        ...{ width: 390, height: 844, touch: true },
      }),
    ])
    // the demo's own sheets are marked; the new one is drawn by the person
    const draws = leader.page.getByTestId('draw')
    await leader.page.getByTestId('draw-new').click()
    const form = leader.page.getByTestId('draw-form')
    await form.getByTestId('draw-submit').click()
    await form.getByText('Choose at least one person.').waitFor()
    await form.getByTestId('draw-count').fill('2')
    await form.getByTestId('draw-callers').click()
    await leader.page.getByRole('option', { name: 'Field worker' }).click()
    await leader.page.keyboard.press('Escape')
    await form.getByTestId('draw-submit').click()
    await form.waitFor({ state: 'detached', ...slow })
    await draws.first().getByText('Drawn 2 out of').waitFor(slow)
    expect(await draws.first().getByText('Generated').count()).toBe(0)
    await draws.first().getByTestId('draw-check').click()
    await draws.first().getByText('As drawn').waitFor(slow)

    const { page, context } = field
    const cards = page.getByTestId('call')
    await cards.first().waitFor(slow)
    const id = await cards.first().getAttribute('data-call')
    const card = page.locator(`[data-call="${id}"]`)
    await card.getByTestId('call-open').tap()
    await card.getByTestId('call-save').tap()
    await card.getByText('Choose at least one answer').waitFor()
    await card.getByTestId('ask-solved').getByText('Yes').tap()
    await card.getByTestId('ask-satisfied').getByText('4').tap()
    await card.getByTestId('ask-why').fill('They swept twice')
    // half done answers stay while looking elsewhere
    await goInApp(page, '/outbox')
    await page.getByTestId('callbacks-page').waitFor({ state: 'detached' })
    await goInApp(page, '/callbacks')
    await card.getByTestId('call-open').press('Enter')
    await card.getByTestId('call-form').waitFor()
    await expect.poll(() => card.getByTestId('ask-why').inputValue(), slow).toBe('They swept twice')
    // the answer carries the random number of this device
    const sent = page.waitForRequest(
      (request) => /\\"deviceId\\":\\"[0-9a-f-]{36}\\"/.test(request.postData() ?? ''),
      slower,
    )
    await context.setOffline(true)
    await card.getByTestId('call-save').tap()
    await card.waitFor({ state: 'detached', ...slow })
    await page.getByTestId('calls-waiting').waitFor()
    await returnNetwork(context)
    await page.getByTestId('calls-waiting').waitFor({ state: 'detached', ...slower })
    await sent
    const { feedback } = await call<Detail>(await apiClient(url, 'leader'), 'incident_detail', {
      p_id: id,
    })
    expect(feedback.ratings).toMatchObject([
      { satisfied: 4, solved: true, responded: null, words: 'They swept twice' },
    ])
    expect(await cards.count()).toBeGreaterThan(0)
    await goInApp(page, `/incidents/${id}`)
    await page.getByTestId('feedback-rating').getByText('They swept twice').waitFor(slow)
    expect([
      ...leader.problems,
      ...field.problems.filter((one) => !one.includes('ERR_INTERNET')),
    ]).toEqual([])
  })
})
