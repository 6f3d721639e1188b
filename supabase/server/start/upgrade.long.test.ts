import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { jpegFile } from '../../../tests/fixtures/photo-files.ts'
import { patient } from '../../../tests/kit/patience.ts'
import { findPostgres, startCluster } from '../../tests/harness/cluster.ts'
import { majorOfEngine, majorOfFolder } from '../backend/engine-version.ts'
import { copyCity, differencesOf, proveCity } from '../keeping/copy-city.ts'
import { openDatabase } from '../backend/open-database.ts'
import { startServer } from './server.ts'
import { projectRoot } from '../base/settings.ts'
import {
  adminEmail,
  adminPassword,
  reportCommand,
  secretsOf,
  send,
  settingsIn,
  temporaryFolder,
} from '../testing/kit.ts'
import { shortLifeFlags } from '../testing/short-life.ts'
import { copySmallCity } from '../testing/small-city.ts'

// every step opens databases, each some seconds on a busy machine
vi.setConfig({ testTimeout: patient(600_000) })

const here = fileURLToPath(new URL('..', import.meta.url))
let folder: ReturnType<typeof temporaryFolder>
let dataDir: string
const stops: (() => Promise<void> | void)[] = []
beforeEach(() => {
  folder = temporaryFolder('upgrade')
  dataDir = join(folder.path, 'data')
})
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
  folder.remove()
})

/** Runs a file of a checkout in a process of its own. */
function run(
  file: string,
  args: string[],
  until?: RegExp,
): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [...shortLifeFlags, file, ...args], {
    env: { ...process.env, DATA_DIR: dataDir },
  })
  stops.push(() => void child.kill('SIGKILL'))
  let text = ''
  return new Promise((resolve) => {
    const look = (chunk: Buffer) => {
      text += chunk.toString('utf8')
      if (until?.test(text)) resolve({ code: null, text })
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    child.on('close', (code) => resolve({ code, text }))
  })
}

const upgrade = (checkout: string, ...args: string[]) =>
  run(join(checkout, 'commands/upgrade.ts'), args)

/** Made once; each test that asks for it has a copy. */
let made:
  | { folder: ReturnType<typeof temporaryFolder>; city: ReturnType<typeof makeCity> }
  | undefined
afterAll(() => made?.folder.remove())
async function copyCityMade() {
  if (!made) {
    const of = temporaryFolder('upgrade-city')
    made = { folder: of, city: makeCity(of) }
  }
  const city = await made.city
  cpSync(join(made.folder.path, 'data'), dataDir, { recursive: true, preserveTimestamps: true })
  return city
}

/** A city with a photo and three reports; the last one is in the journal alone. */
async function makeCity(folder: ReturnType<typeof temporaryFolder>) {
  await copySmallCity(join(folder.path, 'data'))
  const server = await startServer(settingsIn(folder.path))
  const apikey = secretsOf(folder.path).publishableKey
  const { json } = await send(server.port, 'POST', '/auth/v1/token?grant_type=password', {
    headers: { apikey, 'content-type': 'application/json' },
    body: JSON.stringify({ email: adminEmail, password: adminPassword }),
  })
  const userId = (json.user as { id: string }).id
  const headers = {
    apikey,
    'content-type': 'application/json',
    authorization: `Bearer ${String(json.access_token)}`,
  }
  const bytes = jpegFile({ seed: 7 })
  const photo = `/storage/v1/object/photos/${userId}/${createHash('sha256').update(bytes).digest('hex')}.jpg`
  const type = { ...headers, 'content-type': 'image/jpeg' }
  expect(await send(server.port, 'POST', photo, { headers: type, body: bytes })).toMatchObject({
    status: 200,
  })
  const reports = [reportCommand(userId), reportCommand(userId), reportCommand(userId)]
  const apply = (port: number, command: object) =>
    send(port, 'POST', '/rest/v1/rpc/apply_commands', {
      headers,
      body: JSON.stringify({ p_commands: [command] }),
    }).then(({ text }) => JSON.parse(text) as [{ outcome: string }])
  for (const report of reports) {
    expect(await apply(server.port, report)).toMatchObject([{ outcome: 'applied' }])
  }
  const config = await send(server.port, 'GET', '/config.json')
  const [engine] = await server
    .database()
    .query<{ major: number }>(`select current_setting('server_version_num')::int / 10000 as major`)
  await server.database().exec(`set session_replication_role = replica;
    delete from public.incident_log where incident_id =
      (select incident_id from public.commands where id = '${reports[2]!.id}');
    delete from public.incident_clocks where incident_id =
      (select incident_id from public.commands where id = '${reports[2]!.id}');
    delete from public.incidents where id =
      (select incident_id from public.commands where id = '${reports[2]!.id}');
    delete from public.commands where id = '${reports[2]!.id}';
    set session_replication_role = origin`)
  await server.close()
  const { instanceId } = config.json
  return { userId, headers, photo, bytes, reports, apply, instanceId, engine: engine?.major }
}

/** Checks that people can sign in and see the same after an upgrade. */
async function requireUnnoticed(port: number, city: Awaited<ReturnType<typeof makeCity>>) {
  const config = await send(port, 'GET', '/config.json')
  expect(config.json.instanceId).toBe(city.instanceId)
  for (const report of city.reports) {
    expect(await city.apply(port, report)).toMatchObject([{ outcome: 'replayed' }])
  }
  const photo = await send(port, 'GET', city.photo, { headers: city.headers })
  expect([photo.status, Number(photo.headers['content-length'])]).toEqual([200, city.bytes.length])
  expect(await city.apply(port, reportCommand(city.userId))).toMatchObject([{ outcome: 'applied' }])
}

test('an engine’s code names its version as the engine itself does', async () => {
  const { engine } = await copyCityMade()
  expect(majorOfEngine()).toBe(engine)
  expect(majorOfEngine('pglite-18')).toBe(18)
})

/**
 * A checkout as it will be once the next major version is in use: the same code, with the next engine
 * under the name of the present one and the present one as an earlier one.
 */
function nextCheckout(): string {
  const root = join(folder.path, 'next')
  const modules = join(projectRoot, 'node_modules')
  mkdirSync(join(root, 'node_modules/@electric-sql'), { recursive: true })
  for (const name of ['supabase', 'src', 'package.json']) {
    cpSync(join(projectRoot, name), join(root, name), { recursive: true })
  }
  for (const name of readdirSync(modules)) {
    if (name === '@electric-sql' || name.startsWith('.') || /^pglite-/.test(name)) continue
    symlinkSync(join(modules, name), join(root, 'node_modules', name))
  }
  for (const name of ['pglite', 'pglite-postgis']) {
    const present = join(modules, '@electric-sql', name)
    symlinkSync(join(modules, `${name}-18`), join(root, 'node_modules/@electric-sql', name))
    symlinkSync(present, join(root, 'node_modules', `${name}-${majorOfEngine()}`))
  }
  return join(root, relative(projectRoot, here))
}

test('the next version of Postgres opens the city after npm run upgrade, and not before', async () => {
  const city = await copyCityMade()
  const next = nextCheckout()
  const before = readFileSync(join(dataDir, 'secrets.json'), 'utf8')
  const refused = await run(join(next, 'testing/testing-server.ts'), [folder.path], /listening on/)
  expect(refused.text).toContain('Run npm run upgrade once')

  const upgraded = await upgrade(next)
  expect(upgraded.text).toContain('every count and hash is the same')
  expect(upgraded.text).toContain('Calls applied again from the journal: 1')
  expect(majorOfFolder(dataDir)).toBe(18)
  expect(readFileSync(join(dataDir, 'secrets.json'), 'utf8')).toBe(before)
  const started = await run(
    join(next, 'testing/testing-server.ts'),
    [folder.path],
    /listening on \d+/,
  )
  await requireUnnoticed(Number(/listening on (\d+)/.exec(started.text)?.[1]), city)
  expect((await upgrade(next)).text).toContain('in use by process')
  for (const stop of stops.splice(0)) await stop()

  // the way back, as the command says it
  const aside = /snapshots are in (\S+)\. To go back/.exec(upgraded.text)![1]!
  for (const name of ['pg', 'pg.installed', 'journal', 'snapshots']) {
    if (!existsSync(join(aside, name))) continue
    cpSync(join(aside, name), join(folder.path, 'back/data', name), { recursive: true })
  }
  cpSync(join(dataDir, 'secrets.json'), join(folder.path, 'back/data/secrets.json'))
  const back = await startServer({
    ...settingsIn(folder.path),
    dataDir: join(folder.path, 'back/data'),
  })
  stops.push(() => back.close())
  expect(await city.apply(back.port, city.reports[2]!)).toMatchObject([{ outcome: 'replayed' }])
})

test('an upgrade that was broken off keeps the city closed; the next one begins with the old database', async () => {
  const aside = join(dataDir, 'before-upgrade-x')
  for (const [place, version] of [
    [dataDir, '18'],
    [aside, String(majorOfEngine())],
  ] as const) {
    mkdirSync(join(place, 'pg'), { recursive: true })
    writeFileSync(join(place, 'pg/PG_VERSION'), `${version}\n`)
  }
  mkdirSync(join(dataDir, 'upgrading'))
  writeFileSync(join(dataDir, 'upgrading/aside'), aside)
  await expect(startServer(settingsIn(folder.path))).rejects.toThrow('was broken off')
  expect((await upgrade(here)).text).toContain('already')
  expect(majorOfFolder(dataDir)).toBe(majorOfEngine())
  expect(readdirSync(dataDir)).not.toContain('before-upgrade-x')
  expect(readdirSync(dataDir)).not.toContain('upgrading')
})

const found = findPostgres()

/** A database that changes a name with every person that comes in. */
async function spoilingDatabase(clusterUrl: string): Promise<string> {
  const cluster = postgres(clusterUrl, { max: 1 })
  await cluster.unsafe('create database spoiling')
  await cluster.end()
  const url = new URL(clusterUrl)
  url.pathname = '/spoiling'
  const db = await openDatabase({ DATABASE_URL: url.href, DATA_DIR: join(folder.path, 'spoiling') })
  await db.exec(`create rule spoil as on insert to public.profiles
    do also update public.profiles set display_name = display_name || '!'`)
  await db.close()
  return url.href
}

test.runIf('bin' in found)(
  'one’s own Postgres takes an embedded city over; one that holds a city does not',
  async () => {
    const city = await copyCityMade()
    const cluster = await startCluster('bin' in found ? found.bin : '')
    stops.push(() => cluster.stop())
    expect((await upgrade(here)).text).toContain('already')
    const unlike = await upgrade(here, '--to', await spoilingDatabase(cluster.url))
    expect(unlike).toMatchObject({ code: 1, text: expect.stringContaining('is not the same') })
    expect(unlike.text).toMatch(/^public\.profiles: 2 rows, .* before, 2 rows, .* after$/m)
    expect(readdirSync(dataDir).join(' ')).not.toMatch(/upgrad/)

    const upgraded = await upgrade(here, '--to', cluster.url)
    expect(upgraded.text).toContain('every count and hash is the same')
    expect(existsSync(join(dataDir, 'pg'))).toBe(false)
    const server = await startServer(settingsIn(folder.path, { DATABASE_URL: cluster.url }))
    await requireUnnoticed(server.port, city)
    await server.close()

    const aside = readdirSync(dataDir).find((name) => name.startsWith('before-upgrade-'))!
    cpSync(join(dataDir, aside), dataDir, { recursive: true })
    const again = await upgrade(here, '--to', cluster.url)
    expect(again).toMatchObject({ code: 1, text: expect.stringContaining('holds a city already') })
    expect(majorOfFolder(dataDir)).toBe(majorOfEngine())
    expect(existsSync(join(dataDir, 'upgrading'))).toBe(false)
  },
)

test('a proof tells a changed value, a missing row and a sequence apart; copying checks the keys', async () => {
  const [a, b] = ['a', 'b'].map((name) => join(folder.path, name))
  await copySmallCity(a!)
  const from = await openDatabase({ DATA_DIR: a })
  const to = await openDatabase({ DATA_DIR: b })
  stops.push(
    () => from.close(),
    () => to.close(),
  )
  await copyCity(from, to)
  const before = await proveCity(from)
  expect(Object.keys(before)).toEqual(
    expect.arrayContaining(['auth.users', 'public.areas', 'public.memberships']),
  )
  expect(differencesOf(before, await proveCity(to))).toEqual([])
  const differing = async (sql: string) => {
    await to.exec(`begin; ${sql}; commit`)
    return differencesOf(before, await proveCity(to)).map((line) => line.split(':')[0])
  }
  expect(await differing(`update public.areas set households = 1`)).toEqual(['public.areas'])
  await copyCity(from, to)
  expect(await differing(`delete from public.memberships`)).toEqual(['public.memberships'])
  await copyCity(from, to)
  const [{ name } = { name: '' }] = await to.query<{ name: string }>(
    `select pg_get_serial_sequence('public.areas', 'idx') as name`,
  )
  expect(await differing(`select setval('${name}', 999)`)).toEqual([name])

  // rules are in force again
  await expect(to.exec('truncate public.incident_log')).rejects.toThrow()
  await expect(to.exec(`delete from public.areas`)).rejects.toThrow('foreign key')
  await from.exec(`set session_replication_role = replica; delete from public.departments;
    delete from public.areas; set session_replication_role = origin`)
  await expect(copyCity(from, to)).rejects.toThrow('foreign key')
})
