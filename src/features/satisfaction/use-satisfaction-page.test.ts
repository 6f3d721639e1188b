import { IDBFactory } from 'fake-indexeddb'
import 'fake-indexeddb/auto'
import { createPinia, setActivePinia } from 'pinia'
import { expect, it, vi } from 'vitest'
import { createApp, effectScope, ref } from 'vue'
import { randomMonths } from '../../../tests/fixtures/columns.ts'
import { FakeBackend, memoryStorage } from '../../../tests/fixtures/fake-backend.ts'
import { localEngine } from '../../../tests/fixtures/local-engine.ts'
import { openMonthCache } from '@/columns/month-cache.ts'
import type { SatisfactionRate, TrendStep } from '@/domain/answers/satisfaction.ts'
import { columnsOutsideKey, useColumnsStore } from '@/stores/columns.store.ts'
import { useRatingsStore } from '@/stores/ratings.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useSatisfactionPage } from './use-satisfaction-page.ts'

it('asks each question once a change, and none that hangs on something else', async () => {
  vi.stubGlobal('indexedDB', new IDBFactory())
  const server = new FakeBackend()
  const world = { areas: 3, categories: 2, firstMonth: '2014-01' }
  server.months = randomMonths({ rows: 840, months: 84, ...world })
  server.ratings = [
    {
      ...{ month: '2020-06', revision: '1', count: 1, area: btoa('\0\u0002') },
      ...{ category: btoa('\u0001'), answer: btoa('\u0005') },
      runs: [
        {
          ...{ department: 'works', way: 'callback', isExempt: false, isGenerated: false },
          ...{ count: 1, days: [1] },
        },
      ],
    },
  ]
  let questions: unknown[][] = []
  const outside = {
    startEngine: () => localEngine((question) => questions.push(question)),
    openCache: openMonthCache,
    startPolling: () => () => {},
    startMinutes: () => ({ look: () => {}, stop: () => {} }),
  }
  const pinia = createPinia()
  createApp({}).use(pinia).provide(columnsOutsideKey, outside)
  setActivePinia(pinia)
  const session = useSessionStore()
  const [filter, columns, ratings] = [useFilterStore(), useColumnsStore(), useRatingsStore()]
  const [rate, step] = [ref<SatisfactionRate>('satisfied'), ref<TrendStep>('month')]
  await session.start({ fetch: server.fetch, origin: 'http://test', storage: memoryStorage() })
  await session.signIn('leader@test', 'right')
  const page = effectScope(true).run(() =>
    useSatisfactionPage({ rate, step, level: ref(null), isAdjusted: ref(false) }),
  )!
  await vi.waitFor(() => expect([ratings.error, ratings.revision]).toEqual([null, 1]))
  await vi.waitFor(() => expect(columns.status).toBe('ready'))

  /** The questions of a change, until nothing more is asked and answered for a while. */
  const askedBy = async (change: () => void): Promise<Record<string, number>> => {
    await settled()
    questions = []
    change()
    await settled()
    const names = questions.map(([name]) => String(name))
    expect(new Set(questions.map((one) => JSON.stringify(one))).size).toBe(questions.length)
    return Object.fromEntries(
      [...new Set(names)]
        .toSorted()
        .map((name) => [name, names.filter((one) => one === name).length]),
    )
  }
  const settled = async (): Promise<void> => {
    let before = -1
    while (before !== questions.length) {
      before = questions.length
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
  }

  const period = { from: '2018-03-01', to: '2020-07-31' }
  // of the period, the one before it and the same a year ago
  const whole = { fairRanking: 1, projection: 1, ratingTrend: 1, satisfaction: 3 }
  expect(await askedBy(() => filter.setPeriod(period))).toEqual(whole)
  expect(page.now.value?.all.answered).toBe(1)
  expect(page.fair.value?.n).toBe(1)

  const withoutRanking = { projection: 1, ratingTrend: 1, satisfaction: 3 }
  // chosen areas stand out among the others
  expect(await askedBy(() => filter.setAreas(['A-2']))).toEqual(withoutRanking)
  expect(await askedBy(() => (step.value = 'week'))).toEqual({ ratingTrend: 1 })
  expect(await askedBy(() => (rate.value = 'solved'))).toEqual({ fairRanking: 1 })
  // these are about reports
  expect(await askedBy(() => filter.toggleStage('closed'))).toEqual({ projection: 1 })
  expect(await askedBy(() => filter.setBbox([1, 1, 2, 2]))).toEqual({ projection: 1 })
  expect(await askedBy(() => columns.dueRevision++)).toEqual({ projection: 1 })
  expect(await askedBy(() => ratings.revision++)).toEqual({
    ...{ fairRanking: 1, ratingTrend: 1, satisfaction: 3 },
  })
})
