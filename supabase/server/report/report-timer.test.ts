import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from '../base/database-types.ts'
import { ServerError } from '../base/errors.ts'
import { settingsFrom } from '../base/settings.ts'
import { temporaryFolder } from '../testing/kit.ts'
import { startMailServer } from '../testing/mail-server.ts'
import { findChromium } from './chromium.ts'
import { KeptReports } from './kept-reports.ts'
import { mailReport } from './mail-report.ts'
import { dueMonth, missedMonths, startReportTimer, type ReportTimer } from './report-timer.ts'

let folder: ReturnType<typeof temporaryFolder>
let smtp: Awaited<ReturnType<typeof startMailServer>>
let timer: ReportTimer | null
beforeEach(async () => {
  folder = temporaryFolder('reports')
  smtp = await startMailServer()
})
afterEach(async () => {
  await timer?.stop()
  await smtp.close()
  folder.remove()
})

/** Knows one area. */
const database = (): Database =>
  ({
    query: async (_sql: string, [code]: string[]) =>
      code === 'CITY' ? [{ code, name: '测试市', path: 'CITY/' }] : [],
  }) as unknown as Database

const pdf = Buffer.from('%PDF-1.4 a report')

function started(
  env: Record<string, string>,
  print: (wish: { period: string }) => Promise<Uint8Array>,
) {
  const { reports: settings } = settingsFrom({ REPORT_AREAS: 'CITY', ...env })
  const kept = new KeptReports(folder.path, database, settings!.mail?.to ?? [])
  const [made, missed, failed]: [string[], string[], string[]] = [[], [], []]
  const clock = { now: new Date('2026-11-02T09:00:00Z') }
  timer = startReportTimer({
    ...{ settings: settings!, database, kept, mail: mailReport, print },
    city: async () => ({ timeZone: 'Asia/Shanghai', locale: 'zh-CN' }),
    onMade: (what) => made.push(what),
    onMissed: (what) => missed.push(what),
    onFailed: (why) => failed.push(why),
    now: () => clock.now,
    // looked at by hand
    everyMs: 3_600_000,
  })
  return { look: timer.look, kept, made, missed, failed, clock }
}

test('a report is due from its day on, and until then the one before it', () => {
  expect(dueMonth('2026-11-02', 2)).toBe('2026-10')
  expect(dueMonth('2026-11-01', 2)).toBe('2026-09')
  expect(dueMonth('2026-01-05', 2)).toBe('2025-12')
})

test('each report is made once a month, in the language of the city', async () => {
  const { look, kept, made, clock } = started({}, async () => pdf)
  await look()
  await look()
  expect(made).toEqual(['测试市, 2026-10'])
  expect(kept.all()).toMatchObject([{ period: '2026-10', language: 'zh-CN', bytes: pdf.length }])
  clock.now = new Date('2026-12-02T09:00:00Z')
  await look()
  expect(readdirSync(join(folder.path, 'reports')).toSorted()).toEqual([
    ...['2026-10_CITY_zh-CN.pdf', '2026-11_CITY_zh-CN.pdf', 'kept.json'],
  ])
})

test('a new schedule has missed nothing, and a gap reaches back a year at most', () => {
  expect(missedMonths('2026-10', [])).toEqual([])
  expect(missedMonths('2026-10', ['2026-10'])).toEqual([])
  expect(missedMonths('2026-10', ['2026-09', '2026-06'])).toEqual(['2026-08', '2026-07'])
  const long = missedMonths('2026-10', ['2020-01'])
  expect([long.length, long[0], long.at(-1)]).toEqual([12, '2026-09', '2025-10'])
})

test('months that passed without a server are made at the next start, newest first, one by one', async () => {
  const first = started({}, async () => pdf)
  await first.look()
  await timer!.stop()
  let [under, most] = [0, 0]
  const printed: string[] = []
  const second = started({}, async ({ period }) => {
    most = Math.max(most, ++under)
    await new Promise((resolve) => setImmediate(resolve))
    printed.push(period)
    under--
    if (period === '2026-12') throw new ServerError('Nothing was reported.')
    return pdf
  })
  second.clock.now = new Date('2027-03-05T09:00:00Z')
  await Promise.all([second.look(), second.look()])
  expect(printed).toEqual(['2027-02', '2027-01', '2026-12', '2026-11'])
  expect(most).toBe(1)
  expect(second.missed).toEqual(['CITY: 2027-01, 2026-12, 2026-11'])
  expect(second.kept.all().map(({ period }) => period)).toEqual([
    ...['2026-10', '2027-02', '2027-01', '2026-11'],
  ])
  // the month that failed is tried again the next day, not every ten minutes
  await second.look()
  expect(printed.length).toBe(4)
  second.clock.now = new Date('2027-03-06T09:00:00Z')
  await second.look()
  expect(printed.slice(4)).toEqual(['2026-12'])
  expect([second.failed, second.missed.length]).toEqual([['Nothing was reported.'], 1])
})

test('a late report goes by e-mail too, as long as it is new', async () => {
  const first = started({}, async () => pdf)
  await first.look()
  await timer!.stop()
  const mail = {
    SMTP_URL: smtp.url,
    ...{ REPORT_MAIL_FROM: 'wangge@city.example', REPORT_MAIL_TO: 'a@city.example' },
  }
  const second = started(mail, async () => pdf)
  smtp.refused.add('a@city.example')
  second.clock.now = new Date('2027-01-05T09:00:00Z')
  await second.look()
  expect(smtp.mails).toEqual([])
  smtp.refused.clear()
  await second.look()
  const sent = () => second.kept.all().filter(({ sentTo }) => sentTo.length > 0)
  // October's was made long before there was a mail server
  expect(sent().map(({ period }) => period)).toEqual(['2026-12', '2026-11'])
})

test('a report that fails is said once, tried again, and then made', async () => {
  let isBroken = true
  const print = () =>
    isBroken ? Promise.reject(new ServerError('No Chromium.')) : Promise.resolve(pdf)
  const { look, made, failed } = started({ REPORT_AREAS: 'NOWHERE,CITY' }, print)
  await look()
  await look()
  expect(failed).toEqual(['There is no area with the code "NOWHERE".', 'No Chromium.'])
  expect(existsSync(join(folder.path, 'reports'))).toBe(false)
  isBroken = false
  await look()
  expect(made.length).toBe(1)
})

test('goes to each recipient once by e-mail, with the PDF; who is refused gets it later', async () => {
  const mail = {
    SMTP_URL: smtp.url,
    ...{
      REPORT_MAIL_FROM: 'wangge@city.example',
      REPORT_MAIL_TO: 'a@city.example, b@city.example',
    },
  }
  smtp.refused.add('b@city.example')
  const { look, kept, failed } = started(mail, async () => pdf)
  await look()
  await look()
  expect(smtp.mails.map(({ to }) => to)).toEqual([['a@city.example']])
  expect(failed.length).toBe(1)
  expect(failed[0]).toContain('b@city.example')
  smtp.refused.clear()
  await look()
  await look()
  expect(smtp.mails.map(({ to }) => to)).toEqual([['a@city.example'], ['b@city.example']])
  for (const { data } of smtp.mails) {
    expect(data).toContain(pdf.toString('base64'))
    expect(data).toContain('application/pdf')
    expect(data).toMatch(/^Subject: =\?UTF-8\?/m)
  }
  expect(kept.all()[0]!.sentTo).toEqual(['a@city.example', 'b@city.example'])
})

test('a mail server that is down loses nothing', async () => {
  const mail = {
    SMTP_URL: 'smtp://127.0.0.1:1',
    ...{ REPORT_MAIL_FROM: 'wangge@city.example', REPORT_MAIL_TO: 'a@city.example' },
  }
  const { look, kept, failed } = started(mail, async () => pdf)
  await look()
  expect(failed.length).toBe(1)
  expect(kept.all()).toMatchObject([{ sentTo: [] }])
})

test('wrong settings are named, and never the mail server’s password', () => {
  const wrong = (env: Record<string, string>): string => {
    try {
      settingsFrom({ REPORT_AREAS: 'CITY', ...env })
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  expect(settingsFrom({}).reports).toBeNull()
  expect(wrong({ REPORT_DAY: '31' })).toContain('REPORT_DAY=31')
  expect(wrong({ REPORT_LANG: 'fr' })).toContain('REPORT_LANG=fr')
  const to = { REPORT_MAIL_TO: 'a@city.example', REPORT_MAIL_FROM: 'b@city.example' }
  expect(wrong({ ...to, REPORT_MAIL_TO: 'nobody' })).toContain('nobody')
  const secret = wrong({ ...to, SMTP_URL: 'http://me:geheim@host' })
  expect(secret).toContain('SMTP_URL')
  expect(secret).not.toContain('geheim')
  expect(wrong({ ...to, REPORT_AREAS: '' })).toContain('REPORT_AREAS')
})

test('without a Chromium the way to one is said', () => {
  expect(() => findChromium({ PATH: '/nowhere', HOME: folder.path })).toThrow('CHROMIUM_PATH')
  expect(() => findChromium({ CHROMIUM_PATH: '/nowhere/chromium' })).toThrow('/nowhere/chromium')
})
