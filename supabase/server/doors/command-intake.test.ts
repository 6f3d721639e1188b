import { afterEach, expect, test, vi } from 'vitest'
import { BackendUnavailable } from '../backend/backend.ts'
import { CommandIntake } from './command-intake.ts'
import type { CommandIntakeOptions } from './command-intake.ts'

interface Changed extends Partial<CommandIntakeOptions> {
  hasRole?: boolean
  /** Of a call without lite; null when it was refused. */
  receipts?: string | null
}

/** Records the order in which the intake uses its surroundings. */
function intakeWith({ hasRole = true, receipts = null, ...changed }: Changed = {}) {
  const steps: string[] = []
  const intake = new CommandIntake({
    async forward({ path, body }) {
      steps.push(`asked ${path} ${body}`)
      return new Response('receipts')
    },
    database: () => ({ query: async <T>() => (hasRole ? [{ found: 1 }] : []) as T[] }),
    backend: {
      isReady: true,
      async receive(user, body) {
        steps.push(`received ${user} ${body}`)
        return receipts
      },
    },
    journal: {
      async append({ user, body }) {
        steps.push(`journaled ${user} ${body}`)
        return () => steps.push('settled')
      },
    },
    onChange: () => steps.push('announced'),
    ...changed,
  })
  const apply = (commands: unknown = [], isPlain = false) =>
    intake.apply({ userId: 'alice', headers: new Headers(), body: '{}', commands, isPlain })
  return { apply, steps }
}

afterEach(() => vi.useRealTimers())

const asked = 'asked /rest/v1/rpc/apply_commands {}'

test('a call is journaled, asked, settled and announced, in this order', async () => {
  const { apply, steps } = intakeWith()
  expect(await (await apply()).text()).toBe('receipts')
  expect(steps).toEqual(['journaled alice {}', asked, 'settled', 'announced'])
})

test('a call that fails is settled and announced too: it may have changed something', async () => {
  const { apply, steps } = intakeWith({ forward: () => Promise.reject(new Error('worker gone')) })
  await expect(apply()).rejects.toThrow('worker gone')
  expect(steps).toEqual(['journaled alice {}', 'settled', 'announced'])
})

test('a plain call is answered without lite', async () => {
  const { apply, steps } = intakeWith({ receipts: '[{"outcome":"applied"}]' })
  const answer = await apply([], true)
  expect(await answer.json()).toEqual([{ outcome: 'applied' }])
  expect(Object.fromEntries(answer.headers)).toEqual({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  })
  expect(steps).toEqual(['journaled alice {}', 'received alice {}', 'settled', 'announced'])
})

test('a plain call that was refused is asked again, for the words of the refusal', async () => {
  const { apply, steps } = intakeWith()
  expect(await (await apply([], true)).text()).toBe('receipts')
  expect(steps.slice(1, 3)).toEqual(['received alice {}', asked])
})

test('a call of a person without a role is asked and not journaled', async () => {
  const { apply, steps } = intakeWith({ hasRole: false })
  expect(await (await apply()).text()).toBe('receipts')
  expect(steps).toEqual([asked])
})

test('a role is looked up once in 30 seconds, and anew at once for a person without one', async () => {
  vi.useFakeTimers()
  let looks = 0
  const roles: number[][] = [[], [1], [], [1]]
  const database = () => ({ query: async <T>() => (roles[looks++] ?? []) as T[] })
  const { apply } = intakeWith({ database })
  const looksAfter = async (milliseconds: number) => {
    vi.advanceTimersByTime(milliseconds)
    await apply()
    return looks
  }
  expect([await looksAfter(0), await looksAfter(0)]).toEqual([1, 2])
  expect([await looksAfter(29_999), await looksAfter(1)]).toEqual([2, 3])
  expect(await looksAfter(0)).toBe(4)
})

test('what is applied for a person who was given a role in between is journaled before the receipt', async () => {
  const receipts = '[{"outcome": "applied"}]'
  const forward = async () => new Response(receipts)
  const { apply, steps } = intakeWith({ hasRole: false, forward })
  expect(await (await apply()).text()).toBe(receipts)
  expect(steps).toEqual(['journaled alice {}', 'settled', 'announced'])
})

test('a call that could not be journaled is not asked', async () => {
  const journal = { append: () => Promise.reject(new Error('disk full')) }
  const { apply, steps } = intakeWith({ journal })
  await expect(apply()).rejects.toThrow('disk full')
  expect(steps).toEqual([])
})

test('without a database nothing is journaled: the client sends the call again', async () => {
  const { apply, steps } = intakeWith({ backend: { isReady: false, receive: async () => null } })
  await expect(apply()).rejects.toThrow(BackendUnavailable)
  expect(steps).toEqual([])
})

test('one’s own Postgres is asked without a journal', async () => {
  const { apply, steps } = intakeWith({ journal: null })
  expect((await apply()).status).toBe(200)
  expect(steps).toEqual([asked, 'announced'])
})

test.each([
  ['no array', { length: 1 }, 400],
  ['more than 200 commands', Array(201).fill({}), 413],
])('%s is refused before the journal', async (_, commands, status) => {
  const { apply, steps } = intakeWith()
  expect((await apply(commands)).status).toBe(status)
  expect(steps).toEqual([])
})
