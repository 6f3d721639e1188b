import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import {
  cpSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { cutPower, keepAll, keepWhatIsSynced } from '../../../tests/faults/synced-disk.ts'
import { lookUntil } from '../../../tests/kit/look-until.ts'
import { patient, slow, slower } from '../../../tests/kit/patience.ts'
import { openDatabase } from '../backend/open-database.ts'
import type { Database } from '../base/database-types.ts'
import { startServer } from '../start/server.ts'
import { listSnapshots } from '../journal/snapshot-files.ts'
import {
  adminEmail,
  adminPassword,
  loadSmallCity,
  reportCommand,
  secretsOf,
  send,
  settingsIn,
  temporaryFolder,
} from '../testing/kit.ts'
import { shortLifeFlags } from '../testing/short-life.ts'
import { folderWithSmallCity } from '../testing/small-city.ts'

const entry = fileURLToPath(new URL('../testing/testing-server.ts', import.meta.url))
const command = (name: string) => fileURLToPath(new URL(`../commands/${name}.ts`, import.meta.url))

let folder: ReturnType<typeof temporaryFolder>
let children: ChildProcess[]

// Each step opens a database: seconds on a busy machine.
vi.setConfig({ testTimeout: patient(300_000) })

beforeEach(async () => {
  folder = await folderWithSmallCity('durability')
  children = []
})
afterEach(async () => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL')
  folder.remove()
})

/** A server in its own process; resolves with its port once it answers. */
function startChild(): Promise<{ child: ChildProcess; port: number; output: () => string }> {
  const child = spawn(process.execPath, [entry, folder.path], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let text = ''
  return new Promise((resolve, reject) => {
    const look = (chunk: Buffer) => {
      text += chunk.toString('utf8')
      const port = /listening on (\d+)/.exec(text)?.[1]
      if (port) resolve({ child, port: Number(port), output: () => text })
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.on('exit', (code) => reject(new Error(`exit ${code}: ${text}`)))
  })
}

async function run(name: string, args: string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [...shortLifeFlags, command(name), ...args], {
    env: { ...process.env, DATA_DIR: join(folder.path, 'data') },
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, text }
}

async function signIn(port: number): Promise<{ headers: Record<string, string>; userId: string }> {
  const apikey = secretsOf(folder.path).publishableKey
  const headers = { apikey, 'content-type': 'application/json' }
  const { json } = await send(port, 'POST', '/auth/v1/token?grant_type=password', {
    headers,
    body: JSON.stringify({ email: adminEmail, password: adminPassword }),
  })
  const userId = (json.user as { id: string }).id
  return { headers: { ...headers, authorization: `Bearer ${String(json.access_token)}` }, userId }
}

async function report(port: number, who: Awaited<ReturnType<typeof signIn>>): Promise<string> {
  const reported = reportCommand(who.userId)
  const { text } = await send(port, 'POST', '/rest/v1/rpc/apply_commands', {
    headers: who.headers,
    body: JSON.stringify({ p_commands: [reported] }),
  })
  expect(JSON.parse(text)).toMatchObject([{ id: reported.id, outcome: 'applied' }])
  return reported.id
}

/** Read past the server's caches: from the folder, or through the server that runs on it. */
async function reading<T>(read: (db: Database) => Promise<T>): Promise<T> {
  const db = await openDatabase({ DATA_DIR: join(folder.path, 'data') })
  try {
    return await read(db)
  } finally {
    await db.close()
  }
}

async function appliedIdsIn(db: Database): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select c.id::text from public.commands c
       join public.incidents i on i.id = c.incident_id where c.outcome = 'applied' order by c.id`,
  )
  return rows.map(({ id }) => id)
}
const appliedIds = (): Promise<string[]> => reading(appliedIdsIn)

function killed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.removeAllListeners('exit')
    child.on('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

test('kill -9 right after a receipt: its row is there, even with the database gone back to before it', async () => {
  const pg = join(folder.path, 'data/pg')
  const before = join(folder.path, 'pg-before')
  cpSync(pg, before, { recursive: true })
  const first = await startChild()
  const who = await signIn(first.port)
  const receipts = [await report(first.port, who), await report(first.port, who)].sort()
  await killed(first.child)
  // a database opened by a command does not read the journal
  expect(await appliedIds()).toEqual(receipts)

  // The disk lost everything since.
  rmSync(pg, { recursive: true })
  renameSync(before, pg)
  const steps: string[] = []
  const second = await startServer(settingsIn(folder.path), {
    onStep: (step, detail) => steps.push(`${step} ${detail ?? ''}`),
  })
  expect(steps).toContain('replayed 2')
  expect(await appliedIds()).toEqual(receipts)
  await second.close()
})

async function instanceIn(db: Database): Promise<{ id: string; restores: number } | undefined> {
  const [row] = await db.query<{ id: string; restores: number }>(
    'select instance_id::text as id, restores from public.city_settings',
  )
  return row
}

test('backup and restore: a new instance with the old city; refused beside a server and of what is no backup; with the journal nothing is lost', async () => {
  const server = await startServer(settingsIn(folder.path))
  const instanceOf = async () =>
    (await send(server.port, 'GET', '/config.json')).json.instanceId as string
  const instance = await instanceOf()
  const who = await signIn(server.port)
  const before = await report(server.port, who)
  const file = join(folder.path, 'city.tar.zst')
  const backup = await run('backup', [file])
  expect(backup).toMatchObject({ code: 0, text: expect.stringContaining('Backed up to') })
  const after = await report(server.port, who)
  const refused = await run('restore', [file])
  expect(refused).toMatchObject({ code: 1, text: expect.stringContaining('in use by process') })
  const { dataDir } = settingsIn(folder.path)
  const snapshot = listSnapshots(dataDir).at(-1)!
  expect(readFileSync(snapshot.path).equals(readFileSync(file))).toBe(true)
  await server.close()

  expect(await run('restore', [snapshot.path, '--with-journal'])).toMatchObject({
    code: 0,
    text: expect.stringContaining('from the journal: 1'),
  })
  await reading(async (db) => {
    expect(await appliedIdsIn(db)).toEqual([before, after].sort())
    // The instance is the same: queues on devices go on.
    expect(await instanceIn(db)).toEqual({ id: instance, restores: 1 })
  })
  expect(await run('restore', [file])).toMatchObject({ code: 0 })
  const unlike = await run('restore', [join(folder.path, 'dist/index.html')])
  expect(unlike).toMatchObject({ code: 1, text: expect.stringContaining('not a backup') })

  // the city is the backup's; the refused file changed nothing
  const again = await startServer(settingsIn(folder.path))
  const config = await send(again.port, 'GET', '/config.json')
  expect(config.json.instanceId).not.toBe(instance)
  expect(config.json.city).toMatchObject({ name: '测试市' })
  expect(await appliedIds()).toEqual([before])
  await again.close()

  // A damaged or missing database is not made anew: the error names the newest whole snapshot.
  const start = () => startServer(settingsIn(folder.path))
  const newest = listSnapshots(dataDir).at(-1)!.path
  const wayBack = `npm run restore -- ${newest} --with-journal`
  const damaged = readFileSync(newest)
  damaged[damaged.length >> 1]! ^= 1
  const damagedPath = join(dataDir, 'snapshots', '9999-00000099.tar.zst')
  writeFileSync(damagedPath, damaged)
  expect(await run('restore', [])).toMatchObject({
    code: 1,
    text: expect.stringContaining(wayBack),
  })
  const refusal = await run('restore', [damagedPath])
  expect(refusal).toMatchObject({ code: 1, text: expect.stringContaining('or it is damaged') })
  expect(refusal.text).toContain(wayBack)
  truncateSync(join(dataDir, 'pg/global/pg_control'), 100)
  await expect(start()).rejects.toThrow(wayBack)
  rmSync(join(dataDir, 'pg'), { recursive: true })
  await expect(start()).rejects.toThrow(wayBack)
  expect(existsSync(join(dataDir, 'pg'))).toBe(false)
})

test('a database whose making was interrupted is made anew', async () => {
  folder.remove()
  folder = temporaryFolder('durability')
  const first = spawn(process.execPath, [entry, folder.path], { stdio: 'ignore' })
  children.push(first)
  const unfinished = join(folder.path, 'data/pg.unfinished')
  expect(await lookUntil(() => existsSync(unfinished), 30_000, 5)).toBe(true)
  await killed(first)
  const second = await startServer(settingsIn(folder.path), { loadCity: loadSmallCity })
  expect((await send(second.port, 'GET', '/readyz')).status).toBe(200)
  await second.close()
})

test('rows the database dropped are in no snapshot, and are back before anybody is let in', async () => {
  const { child, port, output } = await startChild()
  const who = await signIn(port)
  const receipts = [await report(port, who), await report(port, who)]
  child.kill('SIGUSR2')
  await expect.poll(output, slow).toContain('lost')
  const backup = run('backup', [])
  await expect.poll(output, slow).toContain('restarting')
  expect(listSnapshots(join(folder.path, 'data'))).toEqual([])

  // The first call let in finds the replayed ones.
  let answer = { status: 0, text: '' }
  const late = reportCommand(who.userId)
  await expect
    .poll(
      async () => {
        answer = await send(port, 'POST', '/rest/v1/rpc/apply_commands', {
          headers: who.headers,
          body: JSON.stringify({ p_commands: [late] }),
        })
        return answer.status
      },
      { ...slower, interval: 10 },
    )
    .toBe(200)
  expect(output()).toMatch(/replayed [23]\b/)
  expect(await appliedIds()).toEqual([...receipts, late.id].sort())
  expect(await backup).toMatchObject({ code: 1 })
})

test('what a command did without a server survives a power cut right after it', async () => {
  const dataDir = join(folder.path, 'data')
  const disk = join(folder.path, 'disk')
  keepAll(dataDir, disk)
  keepWhatIsSynced(dataDir, disk)
  const first = await openDatabase({ DATA_DIR: dataDir })
  await first.query(`update public.areas set households = 4711`)
  await first.close()

  cutPower(dataDir, disk)
  const second = await openDatabase({ DATA_DIR: dataDir })
  const [row] = await second.query<{ n: number }>(
    `select min(households)::int as n from public.areas`,
  )
  await second.close()
  expect(row?.n).toBe(4711)
})

test('a damaged journal keeps the city closed until its loss is accepted, and is named', async () => {
  const settings = settingsIn(folder.path)
  const first = await startServer(settings)
  const who = await signIn(first.port)
  const ids = [await report(first.port, who), await report(first.port, who)]
  await first.close()
  const path = join(settings.dataDir, 'journal/00000001.ndjson')
  const content = readFileSync(path)
  content[content.indexOf(ids[0]!) + 40]! ^= 1
  writeFileSync(path, content)

  await expect(startServer(settings)).rejects.toThrow(
    /journal\/00000001\.ndjson, line 2: [^]*--accept-loss/,
  )
  expect(await run('backup', [])).toMatchObject({
    code: 1,
    text: expect.stringContaining('line 2'),
  })
  const said: string[] = []
  const second = await startServer(
    { ...settings, acceptLoss: true },
    { onStep: (step, detail) => step === 'journal' && said.push(detail ?? '') },
  )
  await second.close()
  expect(said).toHaveLength(1)
  expect(said[0]).toContain(`commands ${ids[0]}`)
  await (await startServer(settings)).close()
})
