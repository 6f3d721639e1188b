import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Browser, Page } from 'playwright'
import { cutTexts } from '../kit/cut-texts.ts'
import { flowBrowser } from '../kit/flow-browser.ts'

let browser: Browser
let page: Page
beforeAll(async () => {
  browser = await flowBrowser()
  page = await browser.newPage({ viewport: { width: 400, height: 300 } })
})
afterAll(() => browser?.close())

const words = 'Waiting for the department 待处置部门签收'
const box = (style: string, content = words): string =>
  `<div style="width:90px;height:20px;line-height:20px;${style}">${content}</div>`
/** @returns what is found in a page of this one box */
async function found(html: string): Promise<string[]> {
  await page.setContent(html)
  return cutTexts(page)
}

it('finds a text that its box cuts at the side or below, or that a box around it cuts', async () => {
  const line = expect.stringMatching(/^"Waiting for the department 待处置部门签收" by \d+/)
  const aside = 'overflow:hidden;white-space:nowrap'
  expect(await found(box(aside))).toEqual([line])
  expect(await found(box('overflow:hidden'))).toEqual([expect.stringMatching(/ in height$/)])
  expect(await found(box(aside, `<p style="margin:0"><b>${words}</b></p>`))).toEqual([line])
})

it('leaves alone what fits, says by an ellipsis that there is more, or can be scrolled', async () => {
  const aside = 'overflow:hidden;white-space:nowrap'
  expect(await found(box(aside, 'Waiting'))).toEqual([])
  expect(await found(box(`${aside};text-overflow:ellipsis`))).toEqual([])
  expect(await found(box('overflow:auto;white-space:nowrap'))).toEqual([])
  expect(await found(box(`${aside};visibility:hidden`))).toEqual([])
  // for screen readers alone
  expect(await found(box(`${aside};width:1px;height:1px`))).toEqual([])
})
