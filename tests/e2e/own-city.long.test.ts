import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newDataDir, startAppServer, type AppServer } from '../kit/app-server.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { slow, slower } from '../kit/patience.ts'
import { sendReport } from '../kit/send-report.ts'
import { axeFindings } from '../kit/axe.ts'
import { smallBasemap } from '../kit/small-basemap.ts'
import { comeBackToTab, goInApp, openPage, shownCount } from '../kit/session.ts'
import { routeWhileOpen } from '../kit/route-while-open.ts'

const run = promisify(execFile)
const city = {
  WANGGE_CITY_NAME: '长沙',
  WANGGE_CITY_LOCALE: 'zh-CN',
  WANGGE_CITY_TIME_ZONE: 'Asia/Shanghai',
  WANGGE_CITY_BBOX: '112.6,27.9,113.4,28.6',
  WANGGE_ADMIN_EMAIL: 'admin@example.org',
  WANGGE_ADMIN_PASSWORD: 'a-long-password-1',
}
const field = { email: 'worker@example.org', password: 'cold-fingers-22' }

/**
 * A spreadsheet as an office saves it, in GBK: a title above the header (编号, 上报时间, 结案时间, 经度,
 * 纬度, 类别, 描述) and four rows with Chinese dates, the last of them in another city.
 */
const ledger = Buffer.from(
  [
    'yMvD8cK3vda1wDIwMjbE6rC4vP7MqNXLCrHgusUsyc+xqMqxvOQsveGwuMqxvOQsvq22yCzOs7bILMDgsfAsw+jK9gpBLTEs',
    'MjAyNsTqM9TCNcjVIMnPzuc4OjMwLDIwMjbE6jPUwjbI1SDPws7nMjowMCwxMTIuOTM1LDI4LjE3NSy+rrjHLL3it8XCt76u',
    'uMfGxsvwCkEtMiwyMDI2xOoz1MI3yNUgObXjMDW31iwsMTEyLjkyMSwyOC4xNzEswKy7+CzCt7HfwKy7+ApBLTMsMjAyNsTq',
    'M9TCOMjVIDEwOjAwLCwxMTIuOTUxLDI4LjE3MSy+rrjHLL6uuMfLybavCkEtNCwyMDI2xOoz1MI5yNUgMTA6MDAsLDEyMC4x',
    'LDMwLjIswKy7+CzX+LHq1Nq6vNbdCg==',
  ].join(''),
  'base64',
)
const mapping = {
  source: 'ledger',
  columns: {
    ...{ id: '编号', reportedAt: '上报时间', closedAt: '结案时间' },
    ...{ lon: '经度', lat: '纬度', category: '类别', description: '描述' },
  },
  stages: { map: {}, otherwise: 'dispatched' },
  categories: { map: { 井盖: 'manhole_cover', 垃圾: 'exposed_garbage' } },
}

/** The request of the desk that is sent next is lost, or only the answer to it. */
const loseNext = (page: Page, path: string, isHeard: boolean): Promise<unknown> =>
  routeWhileOpen(
    page,
    `**/imports/v1/${path}`,
    async (route) => {
      if (isHeard) await route.fetch()
      await route.abort()
    },
    { times: 1 },
  )

/** The next month's ledger, on the page: a row in another city, one word that the city does not know. */
const april = [
  ['案件编号', '上报时间', '经度', '纬度', '大类', '小类', '问题描述'],
  ['B-1', '2026年4月2日 8:30', '112.936', '28.176', '公用设施', '井盖缺损', '四月井盖'],
  ['B-2', '2026年4月3日 9:05', '112.922', '28.172', '市容环境', '垃圾', '四月垃圾'],
  ['B-3', '2026年4月4日 10:00', '120.1', '30.2', '公用设施', '井盖缺损', '坐标在杭州'],
]
/** The same as a spreadsheet program saves it in China: in GBK. */
const aprilFile = Buffer.from(
  [
    'sLi8/rHgusUsyc+xqMqxvOQsvq22yCzOs7bILLTzwOAs0KHA4CzOysziw+jK9gpCLTEsMjAyNsTqNNTCMsjVIDg6MzAs',
    'MTEyLjkzNiwyOC4xNzYsuavTw8noyqksvq64x8ixy/Asy8TUwr6uuMcKQi0yLDIwMjbE6jTUwjPI1SA5OjA1LDExMi45',
    'MjIsMjguMTcyLMrQyN27t76zLMCsu/gsy8TUwsCsu/gKQi0zLDIwMjbE6jTUwjTI1SAxMDowMCwxMjAuMSwzMC4yLLmr',
    '08PJ6MqpLL6uuMfIscvwLNf4serU2rq81t0=',
  ].join(''),
  'base64',
)
async function importNextMonth(page: Page): Promise<void> {
  await goInApp(page, '/import')
  await loseNext(page, 'file*', false)
  await page
    .getByTestId('import-file')
    .setInputFiles({ name: '四月台账.csv', mimeType: 'text/csv', buffer: aprilFile })
  await page.getByTestId('import-failure').getByText('没有任何内容入库').waitFor(slow)
  await page.getByTestId('import-send-again').click()
  const table = page.getByTestId('import-rows')
  await table.waitFor(slow)
  const shown = await table
    .locator('tr')
    .evaluateAll((rows) =>
      rows.map((row) => [...row.children].map((cell) => cell.textContent.trim())),
    )
  expect(shown).toEqual(april)
  expect(await page.getByTestId('import-encoding').innerText()).toBe('GBK / GB 18030')
  for (const [field, column] of [
    ...([
      ['id', '案件编号'],
      ['reportedAt', '上报时间'],
      ['lon', '经度'],
      ['lat', '纬度'],
    ] as const),
    ...([
      ['mainCategory', '大类'],
      ['category', '小类'],
      ['description', '问题描述'],
    ] as const),
  ])
    expect(await page.getByTestId(`import-field-${field}`).innerText(), field).toBe(column)
  expect(await page.getByTestId('import-points').innerText()).toMatch(/3 个位置.*1 个在本市范围外/)

  await page.getByTestId('import-value-市容环境 / 垃圾').click()
  await page.getByRole('option', { name: '暴露垃圾' }).click()
  await expect
    .poll(() => page.getByTestId('import-unmatched-category').innerText(), slow)
    .toMatch(/ 0 /)
  await loseNext(page, 'job', false)
  await page.getByTestId('import-check').click()
  await page.getByTestId('import-failure').getByText('没有收到请求').waitFor(slow)
  await page.getByTestId('import-check').click()
  const result = page.getByTestId('import-result')
  await result.getByTestId('import-rejected').waitFor(slow)
  expect(await result.getByTestId('import-lines').innerText()).toMatch(
    /第 4 行 · B-3 · .*不在本市范围内/,
  )
  expect(await axeFindings(page)).toEqual([])
  await page.getByTestId('import-save-name').fill('每月台账')
  await page.getByTestId('import-save').click()
  await page.getByTestId('import-fitting').getByText('每月台账').waitFor(slow)

  // a page that is loaded anew knows the mapping and the check; one that loses an answer asks for it
  await page.reload()
  await page.getByTestId('import-unmatched-category').waitFor(slow)
  await loseNext(page, 'job', true)
  await page.getByTestId('import-store').click()
  await result.getByText('已入库').waitFor(slow)
  expect(await result.getByTestId('import-stored').innerText()).toMatch(/2$/)
  expect(await page.getByTestId('import-failure').count()).toBe(0)
  await goInApp(page, '/table?from=all')
  await expect.poll(() => page.getByTestId('list-row').count(), slow).toBe(6)
  await expect.poll(() => page.locator('main').innerText(), slow).toContain('四月垃圾')
}

/** A street map and the areas once more, handed in on the page. */
async function handInMaps(page: Page): Promise<void> {
  await goInApp(page, '/import')
  await page.getByTestId('import-discard').click()
  const file = page.getByTestId('import-file')
  await file.setInputFiles('tests/fixtures/import-cases/gbk-cgcs2000.zip')
  const level = page.getByTestId('import-level')
  await level.waitFor(slow)
  expect(await level.innerText()).toBe('网格')
  expect(await page.getByTestId('import-content').innerText()).toContain('2')
  await page.getByTestId('import-check').click()
  const unchanged = page.getByTestId('import-result').getByTestId('import-unchanged')
  await unchanged.waitFor(slow)
  expect(await unchanged.innerText()).toMatch(/2$/)
  await page.getByTestId('import-discard').click()

  // grids that share half of their ground: refused, until the choice for that is made
  await file.setInputFiles('tests/fixtures/import-cases/a23.geojson')
  await level.click(slow)
  await page.getByRole('option', { name: '网格' }).click()
  await page.getByTestId('import-check').click()
  const result = page.getByTestId('import-result')
  await result.getByText('将拒绝').waitFor(slow)
  expect(await result.getByTestId('import-rejected').innerText()).toMatch(/2$/)
  expect(await page.getByTestId('import-choices').innerText()).toMatch(/因此被拒绝/)
  expect(await page.getByTestId('import-store').isDisabled()).toBe(true)
  expect(await page.getByTestId('import-hindrance').innerText()).toMatch(/所有行都被拒绝/)
  await page.getByTestId('import-choice-allowOverlap').click()
  await page.getByTestId('import-check').click()
  await result.getByTestId('import-rejected').waitFor({ state: 'detached', ...slow })
  expect(await result.getByTestId('import-stored').innerText()).toMatch(/2$/)
  expect(await page.getByTestId('import-store').isEnabled()).toBe(true)
  await page.getByTestId('import-discard').click()

  const buffer = smallBasemap([112.6, 27.9, 113.4, 28.6], '© 长沙测绘')
  await file.setInputFiles({ name: '长沙.pmtiles', mimeType: 'application/octet-stream', buffer })
  const facts = page.getByTestId('import-basemap-facts')
  await facts.getByText('100%').waitFor(slow)
  await page.getByTestId('import-basemap-store').click()
  await page.getByTestId('import-basemap').getByText('已保存').waitFor(slow)
  await page.reload()
}

/** The commands of the README's "Your own city", in its order, and the first report. */
describe('a newcomer’s hour', () => {
  let browser: Browser
  let server: AppServer
  let folder: string
  beforeAll(async () => {
    server = await startAppServer({ dataDir: newDataDir(), args: ['--demo', 'none'], env: city })
    browser = await flowBrowser()
    folder = mkdtempSync(join(tmpdir(), 'wangge-hour-'))
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await browser?.close()
    await server?.stop()
  })

  const command = async (name: string, ...args: string[]): Promise<string> => {
    const path = `supabase/server/commands/${name}.ts`
    const env = { ...process.env, DATA_DIR: server.dataDir }
    return (await run(process.execPath, [path, ...args], { env })).stdout
  }
  async function signIn(page: Page, person: { email: string; password: string }): Promise<void> {
    await page.locator('input[type=email]').fill(person.email)
    await page.locator('input[type=password]').fill(person.password)
    await page.locator('button[type=submit]').click()
    await page.waitForURL((target) => target.pathname !== '/sign-in', slow)
  }

  it('goes from an empty city by a Shapefile and a spreadsheet to the first report', async () => {
    const areas = ['areas', 'tests/fixtures/import-cases/gbk-cgcs2000.zip', '--level', 'grid']
    expect(await command('import', ...areas)).toMatch(/stored 2\b/)

    const [table, map] = [join(folder, '台账.csv'), join(folder, 'mapping.json')]
    writeFileSync(table, ledger)
    writeFileSync(map, JSON.stringify(mapping))
    const incidents = ['incidents', table, '--mapping', map, '--encoding', 'gb18030']
    const checked = await command('import', ...incidents, '--check')
    expect(checked).toMatch(/outside_city/)
    const report = await command('import', ...incidents)
    expect(report).toMatch(/stored 3\b/)
    expect(report).toMatch(/rejected 1\b/)

    const role = ['--role', 'field_staff', '--area', '430102001001000124']
    await command('user', 'add', field.email, '--password', field.password, ...role)

    const phone = await openPage(browser, {
      ...{ url: server.url, path: '/sign-in?next=/capture', locale: 'zh-CN', webGl: false },
      ...{ width: 390, height: 844, touch: true },
      before: (context) => context.grantPermissions(['geolocation']),
    })
    const { page } = phone
    await phone.context.setGeolocation({ longitude: 112.935, latitude: 28.175, accuracy: 8 })
    await signIn(page, field)
    await page.getByTestId('place-name').filter({ hasText: '解放路网格' }).waitFor(slow)
    await page.getByTestId('category-all').tap()
    await page.getByTestId('category-search').fill('井盖')
    await page.getByTestId('category-picker').locator('[data-code=manhole_cover]').tap()
    await page.getByTestId('description').fill('井盖缺失，夜里危险')
    await sendReport(page)
    await page.locator('[data-testid=sent][data-state=received]').waitFor(slower)
    expect(phone.problems).toEqual([])
    await phone.context.close()

    const desk = await openPage(browser, {
      ...{
        url: server.url,
        path: '/sign-in?next=/table%3Ffrom%3Dall',
        locale: 'zh-CN',
      },
    })
    await signIn(desk.page, {
      email: city.WANGGE_ADMIN_EMAIL,
      password: city.WANGGE_ADMIN_PASSWORD,
    })
    await expect.poll(() => desk.page.getByTestId('list-row').count(), slow).toBe(4)
    const shown = (): Promise<string> => desk.page.locator('main').innerText()
    for (const words of [
      '井盖缺失，夜里危险',
      '解放路井盖破损',
      '路边垃圾',
      '井盖松动',
      '解放路网格',
    ])
      await expect.poll(shown, slow).toContain(words)
    await importNextMonth(desk.page)
    await handInMaps(desk.page)
    const lost = desk.problems.splice(0)
    expect(lost.filter((one) => !one.includes('net::ERR_FAILED'))).toEqual([])

    // more reports at one address than a tile holds: the map says so, and its stack opens the list
    const pile = join(folder, 'pile.csv')
    const lines = Array.from({ length: 2050 }, (_, n) => {
      const at = new Date(Date.UTC(2026, 2, 1, 0, n)).toISOString()
      return `P-${n},${at},,112.935,28.175,井盖,井盖 ${n}`
    })
    writeFileSync(pile, [Object.values(mapping.columns).join(), ...lines].join('\n'))
    expect(await command('import', 'incidents', pile, '--mapping', map)).toMatch(/stored 2050\b/)
    await goInApp(desk.page, '/map?from=all&at=16.5/28.175/112.935')
    const source = desk.page.locator('.wangge-map-attribution').first()
    await expect.poll(() => source.innerText(), slow).toContain('© 长沙测绘')
    await desk.page
      .getByTestId('points-capped')
      .filter({ hasText: /2,05\d.*2,00\d/ })
      .waitFor(slower)
    const stack = desk.page.getByTestId('point-choice')
    const canvas = desk.page.getByTestId('map').locator('canvas').first()
    await expect
      .poll(async () => {
        const { x, y, width, height } = (await canvas.boundingBox())!
        if (!(await stack.isVisible())) await desk.page.mouse.click(x + width / 2, y + height / 2)
        return (await stack.isVisible()) ? stack.innerText() : ''
      }, slow)
      .toMatch(/2,05[12]/)
    const rows = desk.page.getByTestId('point-choice-row').filter({ hasText: /2026-\d{6}/ })
    await rows.nth(4).waitFor(slow)
    const told = await rows.allInnerTexts()
    expect(new Set(told).size).toBe(told.length)
    await desk.page.getByTestId('point-choice-list').click()
    const narrowed = async (): Promise<number> => {
      await comeBackToTab(desk.page)
      return shownCount(desk.page, 'total-count')
    }
    await expect.poll(narrowed, slow).toBe(2052)
    await keepByDistrict(desk.page)
    expect(desk.problems).toEqual([])
    await desk.context.close()
  })

  /** A district comes above the grids; the shard level is set by the page, and set back by the command. */
  async function keepByDistrict(page: Page): Promise<void> {
    const moved = page.getByTestId('shard-finished')
    await goInApp(page, '/city')
    await page.getByTestId('shard-panel').waitFor(slow)
    expect(await page.getByTestId('shard-district').isDisabled()).toBe(true)
    expect(await page.getByTestId('shard-panel').innerText()).toMatch(/请先导入该层级的区域/)
    await expect(command('city', 'shard-level', 'district')).rejects.toThrow(/no areas of this/)

    const [west, south, east, north] = [112.6, 27.9, 113.4, 28.6]
    const ring = [west, south, east, south, east, north, west, north, west, south]
    const district = {
      ...{ type: 'Feature', properties: { code: '430102', name: '芙蓉区' } },
      geometry: {
        type: 'Polygon',
        coordinates: [ring.flatMap((lon, n) => (n % 2 ? [] : [[lon, ring[n + 1]]]))],
      },
    }
    const file = join(folder, 'district.geojson')
    writeFileSync(file, JSON.stringify({ type: 'FeatureCollection', features: [district] }))
    await command('import', 'areas', file, '--level', 'district')
    await command(
      'import',
      'areas',
      'tests/fixtures/import-cases/gbk-cgcs2000.zip',
      '--level',
      'grid',
    )
    await page.reload()
    await expect.poll(() => page.getByTestId('shard-district').isEnabled(), slow).toBe(true)
    expect(await page.getByTestId('shard-change').isDisabled()).toBe(true)
    await page.getByTestId('shard-district').check()
    await page.getByTestId('shard-change').click()
    await page.getByTestId('shard-confirm').click()
    await moved.filter({ hasText: /全市.*区县.*2,05\d 件/ }).waitFor(slow)
    expect(await command('city')).toMatch(/长沙.* 205\d incidents, shard level district/)
    expect(await command('city', 'shard-level', 'city')).toMatch(/205\d incidents have another key/)
    await page.reload()
    await moved.filter({ hasText: /命令.*区县.*全市.*2,05\d 件/ }).waitFor(slow)
  }
})
