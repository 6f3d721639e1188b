import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { freePort } from '../../../tests/kit/free-port.ts'
import { isClosedBeforeOpened, oracleRows, sourceRows } from '../../../tests/kit/oracle.ts'
import { patient } from '../../../tests/kit/patience.ts'
import { runCommand } from '../../tests/import-support.ts'
import { openDatabase } from '../backend/open-database.ts'
import { demoAccounts, demoPassword } from '../base/demo.ts'
import { projectRoot } from '../base/settings.ts'
import type { ImportReport } from '../import/report.ts'
import { send, temporaryFolder } from '../testing/kit.ts'
import { shortLifeFlags } from '../testing/short-life.ts'
import { writeThinDemo } from '../testing/thin-demo.ts'

const folder = temporaryFolder('start')
const dataDir = join(folder.path, 'data')
/** Four batches of incidents; the whole demo is imported by the SQL tests and for the flows. */
const thinDemo = join(folder.path, 'demo')
writeThinDemo(thinDemo)
const env = {
  ...process.env,
  DATA_DIR: dataDir,
  DATABASE_URL: '',
  THIN_DEMO: thinDemo,
  NODE_OPTIONS: `--import ${new URL('../testing/thin-demo.ts', import.meta.url).href}`,
}
const running = new Set<ChildProcess>()
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  folder.remove()
})

function start(port: number, ...args: string[]) {
  const child = spawn(
    process.execPath,
    [...shortLifeFlags, 'supabase/server/commands/start.ts', ...args],
    {
      cwd: projectRoot,
      env: { ...env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  running.add(child)
  const output = { out: '', errors: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.errors += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      running.delete(child)
      resolve(code)
    })
  })
  return {
    output,
    ended,
    async says(words: RegExp) {
      while (running.has(child) && !words.test(output.out))
        await Promise.race([once(child.stdout, 'data'), ended])
      expect(output.out + output.errors).toMatch(words)
    },
    async interrupt() {
      child.kill('SIGINT')
      return ended
    },
  }
}

const nothingHeld = () =>
  !existsSync(join(dataDir, 'lock')) && !existsSync(join(dataDir, 'admin.sock'))

/** Counts the main rows of the folder's database. */
async function countedIn() {
  const db = await openDatabase(env)
  const [row] = await db.query(
    `select (select count(*)::int from public.incidents) as incidents,
       (select count(distinct source_id)::int from public.incidents) as sources,
       (select count(*)::int from public.incident_log where kind = 'imported') as imported,
       (select count(*) from public.incident_log where kind = 'demo_started')
         = (select count(*) from public.incidents where is_generated) as "isDemoTakenUpOnce",
       (select count(*)::int from public.areas) as areas,
       (select count(*)::int from auth.users) as users`,
  )
  await db.close()
  return row
}

// each test continues with the folder of the one before
describe('npm start', { timeout: patient(400_000) }, () => {
  test('answers from the first moment, and Ctrl-C stops it cleanly while the city is loaded', async () => {
    const port = await freePort()
    const { says, output, interrupt } = start(port)
    await says(/· Incidents: \d+ read/)
    expect((await send(port, 'GET', '/healthz')).json).toEqual({ status: 'alive', ready: false })
    expect((await send(port, 'GET', '/readyz')).status).toBe(503)
    expect((await send(port, 'GET', '/config.json')).status).toBe(503)
    expect(await interrupt()).toBe(0)
    expect(output.errors).toBe('')
    expect(nothingHeld()).toBe(true)
  })

  test('leaves a city begun that an import goes on with, which is killed as well', async () => {
    const killed = await runCommand(env, 'import', ['demo'], { on: /Incidents: \d{4,} read/ })
    expect(killed.signal, killed.out).toBe('SIGKILL')
    expect(await countedIn()).toMatchObject({ users: 0, isDemoTakenUpOnce: true })
  })

  test('says what it does, where it is and who can sign in; Ctrl-C stops it cleanly', async () => {
    const port = await freePort()
    const { says, output, interrupt } = start(port)
    await says(/handler@wangge\.demo/)
    for (const step of [
      /^· Opening the database$/m,
      /^· Areas: 195 of level grid$/m,
      /^· Ready in /m,
    ]) {
      expect(output.out).toMatch(step)
    }
    expect(output.out).toContain(`Wangge is at http://localhost:${port}\n`)
    expect(output.out).toContain(demoPassword)
    expect(output.out).toMatch(/dates are moved by \d+ weeks and end on \d{4}-\d\d-\d\d\.\n/)
    expect(output.out).not.toContain('--demo-today')
    for (const { email } of demoAccounts) expect(output.out).toContain(email)
    const { status, json } = await send(port, 'GET', '/config.json')
    expect(status).toBe(200)
    expect(json).toMatchObject({ demo: { accounts: demoAccounts, password: demoPassword } })
    const proxied = await send(port, 'GET', '/config.json', {
      headers: { 'x-forwarded-for': '1.2.3.4' },
    })
    expect(proxied.json.demo).toBeNull()
    expect(await interrupt()).toBe(0)
    // only the unset TRUSTED_PROXY is reported, once
    expect(output.errors).toMatch(
      /^A proxy passes requests on, but TRUSTED_PROXY is not set: [^\n]*\n$/,
    )
    expect(nothingHeld()).toBe(true)
  })

  test('the city begun three times has lost and doubled nothing; a further import changes nothing', async () => {
    const rows = sourceRows(thinDemo)
    const kept = oracleRows(0, rows).length
    const backwards = rows.filter(isClosedBeforeOpened).length
    expect(backwards).toBeGreaterThan(0)
    const whole = {
      ...{ incidents: kept, sources: kept, imported: kept, areas: 237, users: 5 },
      isDemoTakenUpOnce: true,
    }
    expect(await countedIn()).toEqual(whole)

    const base = join(folder.path, 'report')
    const again = await runCommand(env, 'import', ['demo', '--report', base])
    expect(again.code, again.out).toBe(0)
    const report = JSON.parse(readFileSync(`${base}.json`, 'utf8')) as ImportReport
    expect(report).toMatchObject({ read: rows.length, rejected: rows.length - kept })
    expect(report).toMatchObject({ stored: 0, updated: 0, unchanged: kept })
    expect(readFileSync(`${base}.txt`, 'utf8')).toContain(`${backwards} × closed_before_opened`)
    expect(await countedIn()).toEqual(whole)
  })

  test('--demo none does not open the demo’s folder as a city of one’s own', async () => {
    const { output, ended } = start(await freePort(), '--demo', 'none')
    expect(await ended).toBe(1)
    expect(output.errors.trim()).toMatch(/^The data folder .* holds the demo city\..*DATA_DIR=/)
    expect(nothingHeld()).toBe(true)
  })

  test('npm run dev: the page with hot reload on the same backend, under its own policy', async () => {
    const port = await freePort()
    const { says, output, interrupt } = start(port, '--dev')
    await says(/handler@wangge\.demo/)
    const own = { origin: `http://localhost:${port}`, host: `localhost:${port}` }
    const page = await send(port, 'GET', '/map', { headers: { ...own, accept: 'text/html' } })
    expect(page).toMatchObject({ status: 200 })
    expect(page.text).toContain('src="/@vite/client"')
    const policy = String(page.headers['content-security-policy'])
    expect(policy).toMatch(/connect-src [^;]*\bws:/)
    const foreign = { ...own, origin: 'https://evil.example' }
    expect((await send(port, 'GET', '/@vite/client', { headers: foreign })).status).toBe(403)
    const client = await send(port, 'GET', '/@vite/client', { headers: own })
    expect(client.headers['content-type']).toContain('javascript')
    const wsToken = /wsToken = "([^"]+)"/.exec(client.text)?.[1] ?? ''
    expect(client.text).toContain(`${port}`)
    const socket = new WebSocket(`ws://localhost:${port}/?token=${wsToken}`, 'vite-hmr')
    const hello = await new Promise((resolve, reject) => {
      socket.addEventListener('message', ({ data }) => resolve(JSON.parse(String(data))))
      socket.addEventListener('error', () => reject(new Error('no hot reload')))
    })
    expect(hello).toMatchObject({ type: 'connected' })
    socket.close()
    expect(await interrupt()).toBe(0)
    expect(output.errors).toBe('')
  })
})
