import {
  localDayOf,
  monthFromNumber,
  monthNumber,
  monthOfDay,
} from '../../../src/domain/time/calendar.ts'
import type { LocalDay, LocalMonth } from '../../../src/domain/vocabulary.ts'
import type { Database } from '../base/database-types.ts'
import { messageOf } from '../base/errors.ts'
import type { ReportMail, ReportSettings } from '../base/settings.ts'
import type { KeptReport, KeptReports } from './kept-reports.ts'
import type { ReportLanguage, ReportWish } from './print-report.ts'
import { reportArea } from './reader.ts'

interface TimerOptions {
  settings: ReportSettings
  database(): Database
  kept: KeptReports
  city(): Promise<{ timeZone: string; locale: string } | null>
  print(wish: ReportWish, signal: AbortSignal): Promise<Uint8Array>
  mail(mail: ReportMail, to: string, report: KeptReport, pdf: Uint8Array): Promise<void>
  onMade(what: string): void
  /** Once for each failure; it is tried again. */
  onFailed(why: string): void
  now?: () => Date
  /** Milliseconds between two looks. */
  everyMs?: number
}

export interface ReportTimer {
  /** Makes and sends what is due and not done. */
  look(): Promise<void>
  stop(): Promise<void>
}

const firstLookMs = 20_000
const usualEveryMs = 10 * 60_000

/** The last month whose report is due: from the day on the month before, else the one before that. */
export function dueMonth(today: LocalDay, day: number): LocalMonth {
  const back = Number(today.slice(-2)) >= day ? 1 : 2
  return monthFromNumber(monthNumber(monthOfDay(today)) - back)
}

/** Makes each report once, and sends it once to each recipient; whatever fails is tried again. */
export function startReportTimer(options: TimerOptions): ReportTimer {
  const { settings, kept, database, everyMs = usualEveryMs, now = () => new Date() } = options
  /** Failures said already. */
  const said = new Set<string>()
  const fail = (why: string): void => {
    if (said.has(why)) return
    said.add(why)
    options.onFailed(why)
  }
  const stopping = new AbortController()
  let running: Promise<void> | null = null

  async function makeAndSend(): Promise<void> {
    const city = await options.city()
    if (!city) return
    const period = dueMonth(localDayOf(now().toISOString(), city.timeZone), settings.day)
    const language: ReportLanguage =
      settings.language ?? (city.locale.startsWith('zh') ? 'zh-CN' : 'en')
    for (const code of settings.areas) {
      if (stopping.signal.aborted) return
      try {
        const { name } = await reportArea(database(), code)
        const wish: ReportWish = { period, area: { code, name }, language }
        const report = kept.find(wish) ?? (await make(wish))
        if (report && settings.mail) await send(report, settings.mail)
      } catch (error) {
        if (!stopping.signal.aborted) fail(messageOf(error))
      }
    }
  }

  async function make(wish: ReportWish): Promise<KeptReport | null> {
    kept.keep(wish, await options.print(wish, stopping.signal))
    options.onMade(`${wish.area.name}, ${wish.period}`)
    return kept.find(wish)
  }

  async function send(report: KeptReport, mail: ReportMail): Promise<void> {
    const pdf = await kept.bytes(report.name)
    for (const to of mail.to.filter((one) => !report.sentTo.includes(one))) {
      try {
        await options.mail(mail, to, report, pdf)
        kept.noteSent(report.name, to)
      } catch (error) {
        fail(`${report.name} to ${to}: ${messageOf(error)}`)
      }
    }
  }

  const look = (): Promise<void> =>
    (running ??= makeAndSend()
      .catch((error: unknown) => fail(messageOf(error)))
      .finally(() => (running = null)))
  let timer = setTimeout(turn, Math.min(firstLookMs, everyMs))
  timer.unref()
  function turn(): void {
    void look().finally(() => {
      if (stopping.signal.aborted) return
      timer = setTimeout(turn, everyMs)
      timer.unref()
    })
  }
  return {
    look,
    async stop() {
      stopping.abort()
      clearTimeout(timer)
      await running
    },
  }
}
