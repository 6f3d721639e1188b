import { expect, it } from 'vitest'
import type { RatingMonths } from '@/data/ratings.repo.ts'
import { RatingLoader } from './rating-loader.ts'

/** A server with months and their revisions, and an engine that notes what it gets. */
function world() {
  const months: Record<string, string> = { '2026-02': 'a', '2026-03': 'b' }
  const log: string[] = []
  let answer: Partial<RatingMonths> = { reset: true }
  let fails = false
  const loader = new RatingLoader({
    repo: {
      months: (cursor) => {
        log.push(`months ${cursor}`)
        return Promise.resolve({
          ...{ cursor: 'next', reset: false, scopeKey: 's' },
          months: Object.entries(months).map(([month, revision]) => ({
            month,
            count: 1,
            revision,
          })),
          ...answer,
        })
      },
      columns: (wanted) => {
        if (fails) return Promise.reject(new Error('offline'))
        return Promise.resolve(
          wanted.map((month) => ({
            ...{ month, revision: months[month]!, count: 0, runs: [] },
            ...{ area: '', category: '', answer: '' },
          })),
        )
      },
    },
    engine: {
      putRatings: (packed, gone = []) => {
        log.push(`put ${packed.map(({ month }) => month).join()} gone ${gone.join()}`)
        return Promise.resolve()
      },
    },
    guard: (call) => call(),
  })
  return {
    ...{ months, log, loader },
    answers: (next: Partial<RatingMonths>) => (answer = next),
    breaks: (now: boolean) => (fails = now),
    refresh: () => loader.refresh(new AbortController().signal),
  }
}

it('loads all months once, then those whose revision is another', async () => {
  const { log, months, answers, refresh } = world()
  expect(await refresh()).toBe(true)
  answers({ months: [] })
  expect(await refresh()).toBe(false)
  months['2026-03'] = 'c'
  answers({ months: [{ month: '2026-03', count: 1, revision: 'c' }] })
  expect(await refresh()).toBe(true)
  expect(await refresh()).toBe(false)
  expect(log).toEqual([
    ...['months null', 'put  gone ', 'put 2026-02,2026-03 gone '],
    ...['months next', 'months next', 'put 2026-03 gone ', 'months next'],
  ])
})

it('asks for the same changes again after a failure', async () => {
  const { log, breaks, answers, refresh, months } = world()
  await refresh()
  months['2026-02'] = 'd'
  answers({})
  breaks(true)
  await expect(refresh()).rejects.toThrow('offline')
  breaks(false)
  expect(await refresh()).toBe(true)
  expect(log.at(-1)).toBe('put 2026-02 gone ')
})

it('forgets months that another database no longer has', async () => {
  const { log, months, refresh } = world()
  await refresh()
  delete months['2026-02']
  await refresh()
  expect(log.at(-1)).toBe('put  gone 2026-02')
})
