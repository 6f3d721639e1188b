import { Temporal } from 'temporal-polyfill'

const weekMs = 7 * 24 * 3_600_000

/**
 * Moves an instant on the wall clock of `timeZone`. A time skipped in spring becomes one hour
 * later. A time repeated in autumn means the first.
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
 * The most weeks that `endsAt` can move without passing `now`. Never negative.
 * @param endsAt wall clock. @param now ISO 8601
 */
export function weeksUntil(endsAt: string, now: string, timeZone: string): number {
  const local = Temporal.Instant.from(now).toZonedDateTimeISO(timeZone).toPlainDateTime()
  const end = Temporal.PlainDateTime.from(endsAt)
  // As UTC, the difference is that of the wall clock.
  const passedMs =
    local.toZonedDateTime('UTC').epochMilliseconds - end.toZonedDateTime('UTC').epochMilliseconds
  return Math.max(0, Math.floor(passedMs / weekMs))
}

/** `YYYY-MM-DD`. */
export const movedDay = (endsAt: string, weeks: number): string =>
  Temporal.PlainDateTime.from(endsAt).toPlainDate().add({ weeks }).toString()
