import { execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lookUntil } from '../../../tests/kit/look-until.ts'

/** A throw-away Postgres on 127.0.0.1. */
export interface Cluster {
  /** Superuser, database `postgres`. */
  url: string
  stop(): Promise<void>
}

const minVersion = 15

/**
 * The folder with the programs of a Postgres that is new enough and has PostGIS, or in words why
 * there is none.
 */
export function findPostgres(): { bin: string } | { reason: string } {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root)
    ? readdirSync(root)
        .map(Number)
        .filter((version) => version >= minVersion)
        // the oldest that is supported tells most; CI has it
        .sort((a, b) => a - b)
    : []
  if (versions.length === 0) {
    return {
      reason: `no Postgres ${minVersion} or newer in ${root} (Debian: apt-get install postgresql-15-postgis-3)`,
    }
  }
  const version = versions.find((v) =>
    existsSync(`/usr/share/postgresql/${v}/extension/postgis.control`),
  )
  if (version === undefined) {
    return {
      reason: `Postgres ${versions[0]} has no PostGIS (Debian: apt-get install postgresql-${versions[0]}-postgis-3)`,
    }
  }
  return { bin: `${root}/${version}/bin` }
}

/** Postgres refuses to run as root: there it runs as the user of Debian's package. */
function postgresUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Initialises and starts a cluster in a new folder below the system's temporary one. */
export async function startCluster(bin: string): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'wangge-test-postgres-'))
  const user = postgresUser()
  if (user) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const owner = user ?? {}
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    { ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const port = await freePort()
  const settings = {
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '30',
    // to compile a query takes seconds, and the rows here are few
    jit: 'off',
  }
  const command = [join(bin, 'postgres'), '-D', data, '-p', String(port)].concat(
    Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  )
  // a killed test run must not leave its Postgres behind; setpriv is part of every Linux
  if (existsSync('/usr/bin/setpriv')) command.unshift('/usr/bin/setpriv', '--pdeathsig', 'QUIT')
  const [program = '', ...args] = command
  const server = spawn(program, args, {
    ...owner,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  server.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)))
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const killAtExit = () => server.kill('SIGQUIT')
  process.once('exit', killAtExit)
  let isUp = false
  await lookUntil(() => server.exitCode !== null || (isUp = isReady(bin, port)), 60_000)
  if (!isUp) {
    server.kill('SIGQUIT')
    throw new Error(`Postgres did not start:\n${log}`)
  }
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      process.removeListener('exit', killAtExit)
      server.kill('SIGQUIT')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function isReady(bin: string, port: number): boolean {
  try {
    execFileSync(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)])
    return true
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('No free port.')
  return address.port
}
