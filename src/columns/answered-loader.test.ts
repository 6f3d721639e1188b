import { expect, it } from 'vitest'
import type { AnswerFilter, ServedParts } from '@/domain/filter/filter.ts'
import { AnsweredLoader } from './answered-loader.ts'

const about = (said: AnswerFilter['said']): ServedParts => ({
  answers: { said, closed: null, closers: [] },
  handling: null,
})
const { signal } = new AbortController()

function world() {
  const calls: string[] = []
  const state = { revision: '1', fails: false }
  const loader = new AnsweredLoader({
    repo: {
      answered: async ({ answers, handling }) => {
        calls.push([...(answers?.said ?? []), ...(handling?.outcomes ?? [])].join('~'))
        if (state.fails) throw new Error('offline')
        return [{ month: '2026-03', revision: state.revision, count: 0 } as never]
      },
    },
    engine: { putAnswered: async () => {} },
    guard: (call) => call(),
  })
  return { calls, state, loader }
}

it('loads each answer once, however often it is asked for', async () => {
  const { calls, loader } = world()
  await Promise.all([
    loader.ensure(about(['solved']), signal),
    loader.ensure(about(['solved']), signal),
  ])
  await loader.ensure(about(['unsolved']), signal)
  await loader.ensure(about(['solved']), signal)
  expect(calls).toEqual(['solved', 'unsolved'])
})

it('knows how incidents were handled apart from what residents said of them', async () => {
  const { calls, loader } = world()
  const late = { outcomes: ['late' as const], departments: ['parks'] }
  await loader.ensure({ answers: null, handling: late }, signal)
  await loader.ensure({ ...about(['solved']), handling: late }, signal)
  await loader.ensure({ answers: null, handling: { ...late, departments: [] } }, signal)
  await loader.ensure({ answers: null, handling: late }, signal)
  expect(calls).toEqual(['late', 'solved~late', 'late'])
})

it('loads again what the worker has dropped for newer ones', async () => {
  const { calls, loader } = world()
  const choices = ['solved', 'unsolved', 'satisfied', 'unsatisfied', 'exempt'] as const
  for (const one of choices) await loader.ensure(about([one]), signal)
  await loader.ensure(about(['exempt']), signal)
  await loader.ensure(about(['solved']), signal)
  expect(calls).toEqual([...choices, 'solved'])
})

it('tells a change at a refresh, and forgets answers that no filter asks for', async () => {
  const { calls, state, loader } = world()
  await loader.ensure(about(['solved']), signal)
  await loader.ensure(about(['unsolved']), signal)
  expect(await loader.refresh(about(['solved']), signal)).toBe(false)
  state.revision = '2'
  expect(await loader.refresh(about(['solved']), signal)).toBe(true)
  await loader.ensure(about(['unsolved']), signal)
  expect(calls.filter((said) => said === 'unsolved')).toHaveLength(2)
  expect(await loader.refresh(null, signal)).toBe(false)
})

it('tries again after a failure', async () => {
  const { state, loader } = world()
  state.fails = true
  await expect(loader.ensure(about(['solved']), signal)).rejects.toThrow('offline')
  state.fails = false
  await loader.ensure(about(['solved']), signal)
  state.fails = true
  await expect(loader.refresh(about(['solved']), signal)).rejects.toThrow('offline')
  state.fails = false
  await loader.ensure(about(['solved']), signal)
})
