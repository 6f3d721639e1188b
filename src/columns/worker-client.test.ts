import { expect, it } from 'vitest'
import { emptyFilter } from '@/domain/filter/filter.ts'
import { remoteColumnsEngine, type EnginePort } from './worker-client.ts'

it('tells how far a long question is, until its answer', async () => {
  const posted: unknown[] = []
  let answer = (_data: object): void => {}
  const engine = remoteColumnsEngine({
    postMessage: (message: unknown) => void posted.push(structuredClone(message)),
    terminate: () => {},
    addEventListener: (name: string, listen: (event: { data: object }) => void) => {
      if (name === 'message') answer = (data) => listen({ data })
    },
  } as unknown as EnginePort)
  const told: number[] = []
  const options = { level: 'grid', lastDay: '2026-01-01' } as const
  const waited = engine.ask('outbreaks', emptyFilter(), options, (done) => told.push(done))
  expect(posted).toEqual([{ id: 1, method: 'ask', args: ['outbreaks', emptyFilter(), options] }])
  answer({ id: 1, done: 0.25 })
  answer({ id: 2, done: 0.5 })
  answer({ id: 1, ok: true, value: 'found' })
  answer({ id: 1, done: 0.75 })
  expect(await waited).toBe('found')
  expect(told).toEqual([0.25])
})
