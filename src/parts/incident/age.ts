import type { IncidentRow } from '@/data/incidents.repo.ts'

/**
 * Hours from report to close, or to `asOf` for an open incident. `asOf` is the data's date, not
 * today: imports can be old.
 * @returns null without `asOf`, or when rejected or merged without a closing time
 */
export function ageHours(
  row: Pick<IncidentRow, 'reportedAt' | 'closedAt' | 'stage'>,
  asOf: string | null,
): number | null {
  const isEnded = row.stage === 'rejected' || row.stage === 'merged' || row.stage === 'closed'
  const end = row.closedAt ?? (isEnded ? null : asOf)
  if (end === null) return null
  return Math.max(0, (Date.parse(end) - Date.parse(row.reportedAt)) / 3_600_000)
}
