import { describe, expect, it } from 'vitest'
import { incidentSorts } from '@/data/incidents.repo.ts'
import { columnOfSort, sortOfColumn } from './list-sort.ts'

describe('sorts of the incidents table', () => {
  it.each(incidentSorts)('%s goes to a column and back', (sort) => {
    expect(sortOfColumn(columnOfSort(sort))).toBe(sort)
  })

  it('takes the way a column can be sorted', () => {
    expect(sortOfColumn({ key: 'closed', direction: 'asc' })).toBe('closed_desc')
    expect(sortOfColumn({ key: 'area', direction: 'desc' })).toBe('area_asc')
    expect(sortOfColumn({ key: 'stage', direction: 'asc' })).toBe('reported_desc')
  })
})
