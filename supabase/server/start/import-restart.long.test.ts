import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { slow, slower } from '../../../tests/kit/patience.ts'
import { adminEmail, adminPassword, secretsOf, send, settingsIn } from '../testing/kit.ts'
import { folderWithSmallCity } from '../testing/small-city.ts'
import { startServer } from './server.ts'

const folder = await folderWithSmallCity('restart')
afterAll(() => folder.remove())

/** A server in a process of its own, which can be killed. */
async function startProcess() {
  const entry = join(import.meta.dirname, '../testing/testing-server.ts')
  const child = spawn(process.execPath, [entry, folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (part: Buffer) => (out += part.toString()))
  await expect.poll(() => out, slow).toMatch(/listening on \d+/)
  return {
    port: Number(/listening on (\d+)/.exec(out)![1]),
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** Admins at the desk of a server that runs. */
async function deskAt(port: number) {
  const apikey = secretsOf(folder.path).publishableKey
  const json = { apikey, 'content-type': 'application/json' }
  const { json: session } = await send(port, 'POST', '/auth/v1/token?grant_type=password', {
    ...{ headers: json, body: JSON.stringify({ email: adminEmail, password: adminPassword }) },
  })
  const headers = { ...json, authorization: `Bearer ${session.access_token as string}` }
  const call = (method: string, path: string, body?: string | object) =>
    send(port, method, `/imports/v1${path}`, {
      headers,
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  const state = async () => (await call('GET', '/state')).json as unknown as DeskState
  return {
    ...{ call, state },
    async ended() {
      await expect
        .poll(async () => (await state()).job?.endedAt, slower)
        .toEqual(expect.any(String))
      return (await state()).job!
    },
    async storing() {
      const stored = async (): Promise<number> => (await state()).job?.progress?.stored ?? 0
      await expect.poll(stored, slow).toBeGreaterThan(0)
    },
  }
}
interface DeskState {
  file: { name: string } | null
  job: {
    step: string
    endedAt: string | null
    isCutShort: boolean
    progress: { stored: number } | null
    report: string
    wish: object
    look: { total: number; mapping: object } | null
    error: object | null
  } | null
  reports: {
    name: string
    stored: number
    unchanged: number
    rejected: number
    brokenOff: string | null
    isLost: boolean
  }[]
}

const rows = 4_000
const ledger = ['编号,上报时间,经度,纬度,小类']
  .concat(
    Array.from(
      { length: rows },
      (_, n) => `A-${n},2026年3月5日 8:30,113.0${n % 90},28.0${n % 90},暴露垃圾`,
    ),
  )
  .join('\n')

test('a server that is killed or stopped while it stores says what is stored, and goes on without doubles', async () => {
  const first = await startProcess()
  const killed = await deskAt(first.port)
  await killed.call('PUT', '/file?name=many.csv', ledger)
  await killed.call('POST', '/job', { step: 'look' })
  const { look } = await killed.ended()
  const wish = { step: 'store', kind: 'incidents', mapping: look!.mapping }
  await killed.call('POST', '/job', wish)
  await killed.storing()
  await first.kill()

  const second = await startServer(settingsIn(folder.path))
  const counted = async (from: typeof second): Promise<number> =>
    (
      await from
        .database()
        .query<{ n: number }>('select count(*)::integer as n from public.incidents')
    )[0]!.n
  const stopped = await deskAt(second.port)
  const after = await stopped.state()
  expect(after).toMatchObject({
    file: { name: 'many.csv' },
    job: { step: 'store', isCutShort: true, endedAt: expect.any(String) as unknown, wish },
  })
  const report = after.reports.find(({ name }) => name === after.job!.report)!
  const atKill = await counted(second)
  expect(atKill).toBeGreaterThan(0)
  expect(atKill).toBeLessThan(rows)
  // the report says that it was broken off or lost; all rows it told as stored are there
  expect(report.isLost || report.brokenOff !== null).toBe(true)
  expect(atKill).toBeGreaterThanOrEqual(Math.max(report.stored, after.job!.progress?.stored ?? 0))

  await stopped.call('POST', '/job', wish)
  await stopped.storing()
  await second.close()
  const third = await startServer(settingsIn(folder.path))
  try {
    const desk = await deskAt(third.port)
    const { job, reports } = await desk.state()
    expect(job).toMatchObject({ step: 'store', isCutShort: true })
    const cut = reports.find(({ name }) => name === job!.report)!
    expect(cut.brokenOff).toMatch(/stopped on request/)
    expect(cut.stored + atKill).toBe(await counted(third))
    await desk.call('POST', '/job', wish)
    const done = await desk.ended()
    expect(done).toMatchObject({ isCutShort: false, error: null })
    const whole = (await desk.state()).reports.find(({ name }) => name === done.report)!
    expect(whole).toMatchObject({ rejected: 0, brokenOff: null })
    expect(whole.stored + whole.unchanged).toBe(rows)
    expect(await counted(third)).toBe(rows)
    await desk.call('DELETE', '/file')
  } finally {
    await third.close()
  }
})
