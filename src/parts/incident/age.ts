import type { IncidentRow } from '@/data/incidents.repo.ts'

/**
 * Hours from report to close, or of an open incident up to `asOf`: in a city that only holds
 * imports the data, not today, say how old something is.
 *
 * @returns null when rejected or merged without a closing time, or when `asOf` is not known
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
