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
  /** Months that were due while no server ran, once for each area. */
  onMissed(what: string): void
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
/** Older months are not made later. */
const mostMissed = 12
/** A late report that no mail server took so long is not sent any more. */
const lateMailMs = 31 * 86_400_000

/** The last month whose report is due: from the day on the month before, else the one before that. */
export function dueMonth(today: LocalDay, day: number): LocalMonth {
  const back = Number(today.slice(-2)) >= day ? 1 : 2
  return monthFromNumber(monthNumber(monthOfDay(today)) - back)
}

/**
 * Months before the due one that are not kept, newest first. The schedule of an area begins with its
 * first kept report, so a new one has missed nothing.
 */
export function missedMonths(due: LocalMonth, kept: readonly LocalMonth[]): LocalMonth[] {
  const first = kept.toSorted()[0]
  if (first === undefined) return []
  const back = Array.from({ length: mostMissed }, (_, at) =>
    monthFromNumber(monthNumber(due) - 1 - at),
  )
  return back.filter((month) => month > first && !kept.includes(month))
}

/**
 * Makes each report once, and sends it once to each recipient; whatever fails is tried again. Months
 * that were missed follow the due one, newest first, and are tried once a day.
 */
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

  /** The local day on which a missed month was tried last. */
  const triedOn = new Map<string, LocalDay>()
  const toldMissed = new Set<string>()

  async function makeAndSend(): Promise<void> {
    const city = await options.city()
    if (!city) return
    const today = localDayOf(now().toISOString(), city.timeZone)
    const due = dueMonth(today, settings.day)
    const language: ReportLanguage =
      settings.language ?? (city.locale.startsWith('zh') ? 'zh-CN' : 'en')
    const areas = settings.areas.map((code) => {
      const own = kept.all().filter((one) => one.areaCode === code)
      const months = own.filter((one) => one.language === language).map(({ period }) => period)
      const missed = missedMonths(due, months)
      // Their mail may still be due.
      const late = own.filter((one) => one.language === language && isLate(one, due))
      return { code, missed, months: [due, ...missed, ...late.map(({ period }) => period)] }
    })
    for (const { code, missed } of areas) tellMissed(code, missed)
    const months = [...new Set(areas.flatMap((one) => one.months))].toSorted().toReversed()
    for (const period of months)
      for (const area of areas.filter((one) => one.months.includes(period))) {
        if (stopping.signal.aborted) return
        const isTried = triedOn.get(`${area.code} ${period}`) === today
        if (area.missed.includes(period) && isTried) continue
        triedOn.set(`${area.code} ${period}`, today)
        await makeAndSendOne(area.code, period, language)
      }
  }

  const isLate = ({ period, madeAt }: KeptReport, due: LocalMonth): boolean =>
    period < due && now().getTime() - Date.parse(madeAt) < lateMailMs

  function tellMissed(code: string, missed: readonly LocalMonth[]): void {
    if (missed.length === 0 || toldMissed.has(code)) return
    toldMissed.add(code)
    options.onMissed(`${code}: ${missed.join(', ')}`)
  }

  async function makeAndSendOne(
    code: string,
    period: LocalMonth,
    language: ReportLanguage,
  ): Promise<void> {
    try {
      const { name } = await reportArea(database(), code)
      const wish: ReportWish = { period, area: { code, name }, language }
      const report = kept.find(wish) ?? (await make(wish))
      if (report && settings.mail) await send(report, settings.mail)
    } catch (error) {
      if (!stopping.signal.aborted) fail(messageOf(error))
    }
  }

  async function make(wish: ReportWish): Promise<KeptReport | null> {
    kept.keep(wish, await options.print(wish, stopping.signal), now())
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
