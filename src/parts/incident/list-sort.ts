import type { IncidentSort } from '@/data/incidents.repo.ts'
import type { DataSort } from '@/ui/data-table.ts'

const bySort: Record<IncidentSort, DataSort> = {
  reported_desc: { key: 'reported', direction: 'desc' },
  reported_asc: { key: 'reported', direction: 'asc' },
  closed_desc: { key: 'closed', direction: 'desc' },
  hours_desc: { key: 'hours', direction: 'desc' },
  hours_asc: { key: 'hours', direction: 'asc' },
  area_asc: { key: 'area', direction: 'asc' },
  category_asc: { key: 'category', direction: 'asc' },
}

export const columnOfSort = (sort: IncidentSort): DataSort => bySort[sort]

/** The nearest sort that the server offers: some columns have one direction. */
export function sortOfColumn(asked: DataSort): IncidentSort {
  const offered = (Object.keys(bySort) as IncidentSort[]).filter(
    (sort) => bySort[sort].key === asked.key,
  )
  return (
    offered.find((sort) => bySort[sort].direction === asked.direction) ??
    offered[0] ??
    'reported_desc'
  )
}
