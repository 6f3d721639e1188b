import { describe, expect, it } from 'vitest'
import { nextSort, type DataColumn } from './data-table.ts'

const name: DataColumn = { key: 'name', label: 'name' }
const count: DataColumn = { key: 'count', label: 'count', align: 'end' }

describe('nextSort', () => {
  it('starts text from the front and numbers from the top', () => {
    expect(nextSort(null, name)).toEqual({ key: 'name', direction: 'asc' })
    expect(nextSort({ key: 'name', direction: 'asc' }, count)).toEqual({
      key: 'count',
      direction: 'desc',
    })
  })

  it('turns round on a second click', () => {
    const once = nextSort(null, count)
    expect(nextSort(once, count).direction).toBe('asc')
    expect(nextSort(nextSort(once, count), count).direction).toBe('desc')
  })
})
