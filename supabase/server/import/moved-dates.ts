import { Temporal } from 'temporal-polyfill'

const weekMs = 7 * 24 * 3_600_000

/**
 * An instant moved by whole weeks on the wall clock of `timeZone`: weekday and hour stay. A time in
 * the hour that spring leaves out becomes one hour later; of an hour that happens twice in autumn
 * the first is meant.
 * @param at ISO 8601. @returns ISO 8601 in UTC
 */
export function movedInstant(at: string, weeks: number, timeZone: string): string {
  if (weeks === 0) return at
  const moved = Temporal.Instant.from(at)
    .toZonedDateTimeISO(timeZone)
    .toPlainDateTime()
    .add({ weeks })
    .toZonedDateTime(timeZone)
  return new Date(moved.epochMilliseconds).toISOString()
}

/**
 * The most whole weeks that `endsAt` can be moved without leaving the present: afterwards it lies
 * within the last seven days on the wall clock. Never negative.
 * @param endsAt wall clock without offset. @param now ISO 8601
 */
export function weeksUntil(endsAt: string, now: string, timeZone: string): number {
  const local = Temporal.Instant.from(now).toZonedDateTimeISO(timeZone).toPlainDateTime()
  const end = Temporal.PlainDateTime.from(endsAt)
  // both read as UTC: the difference on the wall clock
  const passedMs =
    local.toZonedDateTime('UTC').epochMilliseconds - end.toZonedDateTime('UTC').epochMilliseconds
  return Math.max(0, Math.floor(passedMs / weekMs))
}

/** The day `weeks` after the day of `endsAt`, as `YYYY-MM-DD`. */
export const movedDay = (endsAt: string, weeks: number): string =>
  Temporal.PlainDateTime.from(endsAt).toPlainDate().add({ weeks }).toString()
