import { IDBFactory } from 'fake-indexeddb'
import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { packMonth, randomMonths } from '../../tests/fixtures/columns.ts'
import { openMonthCache } from './month-cache.ts'

const [january, february] = randomMonths({ rows: 20, months: 2 }).map(packMonth)
const wanted = new Map([
  ['2020-01', 'r1'],
  ['2020-02', 'r1'],
])

describe('month cache', () => {
  beforeEach(() => vi.stubGlobal('indexedDB', new IDBFactory()))

  it('gives back what still has the wanted revision', async () => {
    const cache = openMonthCache()
    await cache.write('a|1|x', [january!, february!])
    expect(await cache.read('a|1|x', wanted)).toEqual([january, february])
    expect(await cache.read('a|1|x', new Map([['2020-02', 'r2']]))).toEqual([])
    await cache.write('a|1|x', [{ ...february!, revision: 'r2' }])
    expect(await cache.read('a|1|x', wanted)).toEqual([january])
  })

  it('shows nobody another’s months', async () => {
    const cache = openMonthCache()
    await cache.write('a|1|x', [january!])
    for (const scope of ['a|1|y', 'a|1', 'a|1|', 'a|1|xx', 'b|1|x'])
      expect(await cache.read(scope, wanted)).toEqual([])
  })

  it('erases all, or all but one scope', async () => {
    const cache = openMonthCache()
    for (const scope of ['a', 'b', 'bb', 'c']) await cache.write(scope, [january!])
    await cache.erase('b')
    const left = async () =>
      (await Promise.all(['a', 'b', 'bb', 'c'].map((scope) => cache.read(scope, wanted)))).map(
        (months) => months.length,
      )
    expect(await left()).toEqual([0, 1, 0, 0])
    await cache.erase()
    expect(await left()).toEqual([0, 0, 0, 0])
  })

  it('rejects where the browser keeps nothing, and tries again', async () => {
    const factory = new IDBFactory()
    let denied = true
    vi.stubGlobal('indexedDB', {
      open: (name: string, version: number) => {
        if (denied) throw new DOMException('denied', 'SecurityError')
        return factory.open(name, version)
      },
    })
    const cache = openMonthCache()
    await expect(cache.read('a', wanted)).rejects.toThrow('denied')
    denied = false
    expect(await cache.read('a', wanted)).toEqual([])
  })
})
