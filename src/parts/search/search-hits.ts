import type { IncidentRow } from '@/data/incidents.repo.ts'
import type { Area } from '@/domain/city/area.ts'
import type { Category } from '@/domain/city/category.ts'

export type SearchHit =
  | { kind: 'incidents'; key: string; incident: IncidentRow }
  | { kind: 'areas'; key: string; area: Area }
  | { kind: 'categories'; key: string; category: Category }

export interface SearchGroup {
  kind: SearchHit['kind']
  hits: SearchHit[]
}

/** Incidents first: a number or an address is what people search for most. Empty groups are left out. */
export function searchGroups(
  incidents: readonly IncidentRow[],
  areas: readonly Area[],
  categories: readonly Category[],
): SearchGroup[] {
  const groups: SearchGroup[] = [
    {
      kind: 'incidents',
      hits: incidents.map((incident) => ({ kind: 'incidents', key: incident.id, incident })),
    },
    { kind: 'areas', hits: areas.map((area) => ({ kind: 'areas', key: area.code, area })) },
    {
      kind: 'categories',
      hits: categories.map((category) => ({ kind: 'categories', key: category.code, category })),
    },
  ]
  return groups.filter(({ hits }) => hits.length > 0)
}
