import { sql } from 'kysely'
import { beforeEach, expect, test } from 'vitest'
import { RequestConnection } from './request-connection.ts'

const settings = "select current_setting('response.status', true) as status"
let sent: string[]
let failing: string
/** Answers nothing until it is set. */
let answers: Promise<void>

function connection(): RequestConnection {
  const session = {
    async run(text: string) {
      sent.push(text.trim().split(/[ (]/, 1)[0]! + (text.includes('set_config') ? ' context' : ''))
      await answers
      if (failing && text.includes(failing)) throw new Error(`${failing} failed`)
      return { rows: [] }
    },
    release: () => void sent.push('released'),
  }
  const made = new RequestConnection(
    { url: 'postgres://nobody.invalid/x' },
    () => async () => session,
  )
  made.shortenCalls()
  return made
}
const vars = { auth: { role: 'authenticated', uid: 'alice', jwt: { sub: 'alice' } } }
const rpc = { method: 'POST', path: '/rpc/f', readOnly: false }
const callIn = (made: RequestConnection) =>
  made.withContext(
    vars,
    async (db) => {
      await sql`call`.execute(db)
      await sql.raw(settings).execute(db)
      return 'answer'
    },
    { rpc },
  )

beforeEach(() => {
  sent = []
  failing = ''
  answers = Promise.resolve()
})

test('a call is sent behind begin and its context, without waiting for them', async () => {
  let answer = () => {}
  answers = new Promise((resolve) => {
    answer = resolve
  })
  const done = callIn(connection())
  await expect.poll(() => sent).toEqual(['begin', 'select context', 'call'])
  answer()
  expect(await done).toBe('answer')
  expect(sent.slice(3)).toEqual(['select', 'commit', 'released'])
})

test('work without that last statement is committed at its end', async () => {
  const made = connection()
  await made.withContext(vars, (db) => sql`call`.execute(db), { rpc })
  expect(sent).toEqual(['begin', 'select context', 'call', 'commit', 'released'])
})

test.each(['call', 'commit', 'set_config', 'begin'])(
  'a failing %s is rolled back and rejects the request',
  async (word) => {
    failing = word
    await expect(callIn(connection())).rejects.toThrow(`${word} failed`)
    expect(sent.slice(-2)).toEqual(['rollback', 'released'])
  },
)

test('a statement as a person goes out with its transaction in one round trip', async () => {
  let answer = () => {}
  answers = new Promise((resolve) => {
    answer = resolve
  })
  const done = connection().runAs('alice', '/rpc/f', 'call', [1])
  await expect.poll(() => sent).toEqual(['begin', 'select context', 'call', 'commit'])
  answer()
  expect(await done).toEqual({ rows: [] })
  expect(sent.slice(4)).toEqual(['released'])
})

test.each(['call', 'commit', 'set_config', 'begin'])(
  'a failing %s rejects a statement as a person, which is rolled back',
  async (word) => {
    failing = word
    await expect(connection().runAs('alice', '/rpc/f', 'call', [1])).rejects.toThrow(
      `${word} failed`,
    )
    expect(sent.slice(-2)).toEqual(['rollback', 'released'])
  },
)
