import { createPinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, effectScope, nextTick, shallowRef, type EffectScope } from 'vue'
import type { RemoteColumnsEngine } from '@/columns/engine-call.ts'
import { openMonthCache } from '@/columns/month-cache.ts'
import { AppError } from '@/data/errors.ts'
import { columnsOutsideKey, useColumnsStore } from './columns.store.ts'
import { useServerPages, useServerQuery } from './server-query.ts'
import { useSessionStore } from './session.store.ts'

/** A pending call; the test answers it. */
interface Call {
  name: string
  signal: AbortSignal
  answer(value: string): void
  fail(error: unknown): void
}

describe('a question to the server', () => {
  let scope: EffectScope
  let session: ReturnType<typeof useSessionStore>
  let columns: ReturnType<typeof useColumnsStore>
  let calls: Call[]
  let run: <T>(setup: () => T) => T
  const context = (scopeKey: string) =>
    ({ userId: 'anna', scopeKey, memberships: [] }) as unknown as typeof session.context

  beforeEach(() => {
    calls = []
    scope = effectScope()
    const app = createApp({})
      .use(createPinia())
      .provide(columnsOutsideKey, {
        startEngine: () => ({ terminate: () => {} }) as RemoteColumnsEngine,
        openCache: () => openMonthCache(),
        startPolling: () => () => {},
        startMinutes: () => ({ look: () => {}, stop: () => {} }),
      })
    run = (setup) => app.runWithContext(() => scope.run(setup)!)
    run(() => {
      session = useSessionStore()
      session.config = { instanceId: 'here' } as typeof session.config
      session.context = context('one')
      session.backend = {} as typeof session.backend
      columns = useColumnsStore()
    })
  })
  afterEach(() => scope.stop())

  const wait = (name: string, signal: AbortSignal): Promise<string> =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new DOMException('left', 'AbortError')))
      calls.push({ name, signal, answer: resolve, fail: reject })
    })
  const asked = (count: number) => vi.waitFor(() => expect(calls.length).toBe(count))
  const begin = (name = shallowRef('a'), revision = shallowRef(0)) => ({
    name,
    revision,
    ...run(() =>
      useServerQuery<string>(
        () => {
          const wanted = name.value
          return {
            key: [wanted],
            ask: ({ call, signal }) => call(() => wait(wanted, signal)),
          }
        },
        { revision: () => revision.value },
      ),
    ),
  })

  it('keeps what is shown while newer data are asked for', async () => {
    const { data, busy, revision } = begin()
    await asked(1)
    expect([data.value, busy.value]).toEqual([null, true])
    calls[0]!.answer('first')
    await vi.waitFor(() => expect([data.value, busy.value]).toEqual(['first', false]))
    revision.value++
    await asked(2)
    expect([data.value, busy.value]).toEqual(['first', true])
    calls[1]!.answer('second')
    await vi.waitFor(() => expect(data.value).toBe('second'))
  })

  it('aborts the question before and never shows its answer', async () => {
    const { data, name, error } = begin()
    await asked(1)
    name.value = 'b'
    await asked(2)
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false])
    calls[0]!.answer('of a')
    calls[1]!.answer('of b')
    await vi.waitFor(() => expect(data.value).toBe('of b'))
    expect(error.value).toBeNull()
  })

  it('asks again for a question that was left and taken up at once', async () => {
    const { data, name } = begin()
    await asked(1)
    name.value = 'b'
    await nextTick()
    name.value = 'a'
    await vi.waitFor(() => expect(calls.at(-1)).toMatchObject({ name: 'a' }))
    await vi.waitFor(() => expect(calls.at(-1)!.signal.aborted).toBe(false))
    calls.at(-1)!.answer('of a')
    await vi.waitFor(() => expect(data.value).toBe('of a'))
  })

  it('asks again once the server answers after a failure without a network, and only then', async () => {
    const { data, error } = begin()
    await asked(1)
    calls[0]!.fail(new AppError('forbidden', 'no'))
    await vi.waitFor(() => expect(error.value?.kind).toBe('forbidden'))
    columns.answers++
    await nextTick()
    expect(calls.length).toBe(1)

    const other = begin(shallowRef('b'))
    await asked(2)
    calls[1]!.fail(new TypeError('fetch failed'))
    await vi.waitFor(() => expect(other.error.value?.kind).toBe('offline'))
    columns.answers++
    await asked(3)
    calls[2]!.answer('back')
    await vi.waitFor(() => expect(other.data.value).toBe('back'))
    expect([other.error.value, data.value]).toEqual([null, null])
  })

  it('forgets every answer when the person leaves or the scope changes', async () => {
    const { data } = begin()
    await asked(1)
    calls[0]!.answer('secret')
    await vi.waitFor(() => expect(data.value).toBe('secret'))
    session.context = null
    expect(data.value).toBeNull()
    // Signing in again in the same scope also starts without data.
    session.context = context('one')
    await asked(2)
    expect(data.value).toBeNull()
    session.context = context('two')
    await asked(3)
    calls[1]!.answer('of the scope before')
    calls[2]!.answer('of this scope')
    await vi.waitFor(() => expect(data.value).toBe('of this scope'))
  })

  it('loads pages one after the other, and reloads as many as are shown', async () => {
    const revision = shallowRef(0)
    const pages = run(() =>
      useServerPages<{ name: string; next: number | null }>(
        () => ({
          key: ['pages'],
          ask: async (call, signal, after) => {
            const name = await call(() => wait(`after ${String(after)}`, signal))
            return { name, next: calls.length % 10 }
          },
        }),
        { revision: () => revision.value },
      ),
    )
    const shown = () => pages.data.value?.pages.map(({ name }) => name)
    await asked(1)
    calls[0]!.answer('1')
    await vi.waitFor(() => expect(shown()).toEqual(['1']))
    // Two simultaneous calls load one page.
    const both = Promise.all([pages.loadMore(), pages.loadMore()])
    await asked(2)
    calls[1]!.answer('2')
    await both
    expect(shown()).toEqual(['1', '2'])
    revision.value++
    await asked(3)
    // A page requested during a reload waits for it.
    const more = pages.loadMore()
    calls[2]!.answer('1 again')
    await asked(4)
    expect(shown()).toEqual(['1', '2'])
    calls[3]!.answer('2 again')
    await asked(5)
    calls[4]!.answer('3')
    await more
    expect(shown()).toEqual(['1 again', '2 again', '3'])
    expect(calls.map(({ name }) => name)).toEqual([
      'after null',
      'after 1',
      'after null',
      'after 3',
      'after 4',
    ])
  })
})
