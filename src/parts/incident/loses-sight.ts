import type { Area } from '@/domain/city/area.ts'
import { isWithin } from '@/domain/city/area.ts'
import type { Role } from '@/domain/vocabulary.ts'

/**
 * True when a move between two areas ends the sight by area. Handlers see by department: their
 * memberships give no sight by area, and a move takes none from them.
 */
export function losesSight(
  memberships: readonly { role: Role; areaPath: string }[],
  from: Pick<Area, 'path'>,
  to: Pick<Area, 'path'>,
): boolean {
  const sees = (area: Pick<Area, 'path'>): boolean =>
    memberships.some(
      ({ role, areaPath }) => role !== 'handler' && isWithin(area, { path: areaPath }),
    )
  return sees(from) && !sees(to)
}
