import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { decodeFilter } from '@/domain/filter/filter-url.ts'
import { emptyFilter } from '@/domain/filter/filter.ts'
import { useFilterStore } from './filter.store.ts'

const span = {
  firstMonth: '2020-01',
  lastMonth: '2024-03',
  lastDay: '2024-03-15',
  defaultFrom: '2023-04',
}
const lastYear = { from: '2023-04-01', to: '2024-03-31' }

describe('filter store', () => {
  let filter: ReturnType<typeof useFilterStore>
  beforeEach(() => {
    setActivePinia(createPinia())
    filter = useFilterStore()
  })

  it('takes the default period once the data are known', () => {
    expect(filter.periodKnown).toBe(false)
    filter.setSpan(span)
    expect(filter.periodKnown).toBe(true)
    expect(filter.filter.period).toEqual(lastYear)
    expect(filter.preset).toBe('last12Months')
    expect(filter.isDefaultPeriod).toBe(true)
    expect(filter.isEmpty).toBe(true)
    filter.setPreset('all')
    expect(filter.isDefaultPeriod).toBe(false)
  })

  it('shows a preview to the map alone, until anything else changes', () => {
    filter.setSpan(span)
    const march = { from: '2024-03-01', to: '2024-03-31' }
    for (const end of [
      () => filter.setPeriod(march),
      () => filter.setOpenOnly(true),
      () => filter.applyUrl(decodeFilter({ from: 'all' })),
      () => filter.reset(),
    ]) {
      const before = filter.effective
      filter.setPreview(march)
      expect(filter.effective).toBe(before)
      expect(filter.live).toEqual({ ...before, period: march })
      end()
      expect(filter.live).toBe(filter.effective)
    }
  })

  it('names a default that reaches further back', () => {
    filter.setSpan({ ...span, defaultFrom: '2021-02' })
    expect(filter.filter.period).toEqual({ from: '2021-02-01', to: '2024-03-31' })
    expect(filter.preset).toBe('recent')
    expect(filter.isEmpty).toBe(true)
  })

  it('keeps a period that the URL gave', () => {
    filter.applyUrl(decodeFilter({ from: 'all' }))
    filter.setSpan(span)
    expect(filter.filter.period).toBeNull()
    expect(filter.activeChips).toEqual([
      { part: 'period', key: 'period', period: null, preset: 'all' },
    ])
  })

  it('keeps the period while newer data arrive', () => {
    filter.setSpan(span)
    filter.setSpan({ ...span, lastMonth: '2024-04', lastDay: '2024-04-01' })
    expect(filter.filter.period).toEqual(lastYear)
  })

  it('toggles, chips and clears every part', () => {
    filter.setSpan(span)
    filter.toggleArea('A')
    filter.toggleArea('B')
    filter.toggleCategory('c')
    filter.toggleStage('closed')
    filter.toggleStage('reported')
    filter.setOpenOnly(true)
    filter.setOnHoldOnly(true)
    filter.toggleDue('within_day')
    filter.toggleDue('overdue')
    filter.setBbox([1.000001, 2, 3, 4])
    filter.setAnswers({ said: ['unsolved'], closed: null, closers: [] })
    filter.setHandling({ outcomes: ['late'], departments: ['parks'] })
    filter.setOpenLonger(0)
    expect(filter.filter.stages).toEqual(['reported', 'closed'])
    expect(filter.filter.bbox).toEqual([1, 2, 3, 4])
    expect(filter.activeChips.map((chip) => chip.key)).toEqual([
      'area:A',
      'area:B',
      'category:c',
      'stage:reported',
      'stage:closed',
      'openOnly',
      'onHoldOnly',
      'due:overdue',
      'due:within_day',
      'bbox',
      'answers',
      'handling',
      'openLonger',
    ])
    for (const chip of filter.activeChips) filter.removeChip(chip)
    expect(filter.filter).toEqual({ ...emptyFilter(), period: lastYear })
    filter.setPeriod({ from: '2024-02-01', to: '2024-01-01' })
    expect(filter.filter.period).toEqual({ from: '2024-01-01', to: '2024-02-01' })
    filter.clear()
    expect(filter.isEmpty).toBe(true)
  })

  it('counts the drilled area where none is chosen', () => {
    filter.setDrill('D')
    expect(filter.effective.areas).toEqual(['D'])
    filter.toggleArea('A')
    expect(filter.effective.areas).toEqual(['A'])
  })

  it('makes one step of history of a whole drag', () => {
    filter.setSpan(span)
    const modes = [1, 2, 3].map((day) => {
      filter.setPeriod({ from: `2024-01-0${day}`, to: '2024-02-01' }, { transient: true })
      return filter.historyMode()
    })
    filter.setPeriod({ from: '2024-01-04', to: '2024-02-01' })
    modes.push(filter.historyMode())
    filter.toggleArea('A')
    modes.push(filter.historyMode())
    expect(modes).toEqual(['push', 'replace', 'replace', 'replace', 'push'])
  })
})
