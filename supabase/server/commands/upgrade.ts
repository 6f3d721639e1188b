import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, rmdirSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { Backend } from '../backend/backend.ts'
import { engineInUse, majorOfEngine, majorOfFolder } from '../backend/engine-version.ts'
import type { EnginePackages } from '../backend/engine-version.ts'
import type { BackendOptions } from '../backend/messages.ts'
import { upgradingFolder } from '../backend/pglite-engine.ts'
import { readCity } from '../doors/app-config.ts'
import { copyCity, differencesOf, proveCity } from '../keeping/copy-city.ts'
import type { CityProof } from '../keeping/copy-city.ts'
import { ServerError } from '../base/errors.ts'
import { syncFolder, writeDurably } from '../base/files.ts'
import { settleDamage } from '../journal/journal-damage.ts'
import { Journal } from '../journal/journal.ts'
import { takeLock } from '../owner/lock.ts'
import { PhotoStore, photosFolder } from '../photos/photo-store.ts'
import { replayJournal } from '../keeping/replay.ts'
import { runCommand } from './run-command.ts'
import { loadSecrets } from '../base/secrets.ts'
import { settingsFrom } from '../base/settings.ts'
import { firstSegmentToReplay } from '../journal/snapshot-files.ts'

const usage = `Usage: npm run upgrade [-- --to DATABASE_URL]

Brings the embedded city of DATA_DIR into the version of Postgres that this version of Wangge uses, or
into an empty database of your own Postgres (15 or newer, with PostGIS). Stop the server first. Every
count and hash is compared before the old database is put aside; nothing is removed.`

/** Files and folders of a database and its journal. Photos and secrets are not moved. */
const moved = ['pg', 'pg.installed', 'journal', 'snapshots']

/** Packages that open the databases of earlier versions, by their major version. */
const earlierEngines: Record<number, [string, string]> = {
  17: ['@electric-sql/pglite@0.4.5', '@electric-sql/pglite-postgis@0.0.7'],
}

/** `npm run upgrade [-- --to DATABASE_URL]` */
await runCommand(async (args) => {
  const [option, databaseUrl, ...rest] = args
  const isAsked = args.length === 0 || (option === '--to' && databaseUrl && rest.length === 0)
  if (!isAsked) throw new ServerError(usage)
  const settings = settingsFrom(process.env)
  if (settings.databaseUrl) {
    throw new ServerError(
      'DATABASE_URL is set: that Postgres is upgraded with its own tools (pg_upgrade). To move an ' +
        'embedded city into it, unset DATABASE_URL and name it behind --to.',
    )
  }
  const { dataDir } = settings
  const lock = takeLock(dataDir, 'npm run upgrade')
  try {
    takeUpAgain(dataDir)
    await upgrade(dataDir, databaseUrl ?? null)
  } finally {
    lock.release()
  }
})

async function upgrade(dataDir: string, databaseUrl: string | null): Promise<void> {
  const made = majorOfFolder(dataDir)
  if (made === null) throw new ServerError(`There is no database in ${dataDir}.`)
  const inUse = majorOfEngine()
  if (made === inUse && !databaseUrl) {
    console.log(`The database in ${dataDir} is of Postgres ${inUse} already.`)
    return
  }
  const work = join(dataDir, upgradingFolder)
  const aside = join(dataDir, `before-upgrade-${new Date().toISOString().replace(/[:.]/g, '-')}`)
  mkdirSync(work, { mode: 0o700 })
  writeDurably(join(work, 'aside'), aside)
  try {
    const engine = made === inUse ? undefined : earlierEngine(made)
    const secrets = loadSecrets(dataDir)
    const source = join(work, 'source')
    const target = join(work, 'target')
    console.log(`Copying the database of Postgres ${made}`)
    // a copy to read from: the old database and its journal are not touched, not even by a replay
    for (const name of ['pg', 'pg.installed', 'journal']) {
      if (existsSync(join(dataDir, name))) {
        await cp(join(dataDir, name), join(source, name), { recursive: true })
      }
    }
    const shared = { secrets, siteUrl: 'http://127.0.0.1' }
    const from: BackendOptions = {
      ...shared,
      dataDir: source,
      databaseUrl: null,
      ...(engine ? { engine } : {}),
    }
    const to: BackendOptions = { ...shared, dataDir: target, databaseUrl }
    const before = await fill(dataDir, from, to)
    await requireEqual(before, to)
    putInPlace(dataDir, aside, databaseUrl ? null : target)
  } catch (error) {
    if (existsSync(work)) takeUpAgain(dataDir)
    throw error
  }
  // from here on the new database counts
  rmSync(join(work, 'aside'))
  syncFolder(work)
  rmSync(work, { recursive: true, force: true })
  syncFolder(dataDir)
  const start = databaseUrl ? `DATABASE_URL=${withoutPassword(databaseUrl)} npm start` : 'npm start'
  console.log(
    `Done: every count and hash is the same. Go on with ${start}; people stay signed in.\n` +
      `The old database, its journal and its snapshots are in ${aside}. To go back, stop the server, ` +
      `move them (${moved.join(', ')}) from there into ${dataDir} in place of the new ones, and start ` +
      'the version of Wangge of before. What was received after the upgrade is not in them. Remove the ' +
      'folder when you need it no more.',
  )
}

/** Copies the city after its journal was replayed; returns what the source consists of. */
async function fill(dataDir: string, from: BackendOptions, to: BackendOptions): Promise<CityProof> {
  const fromSegment = firstSegmentToReplay(dataDir)
  const journal = await Journal.open(from.dataDir, fromSegment)
  const photos = new PhotoStore(photosFolder(dataDir))
  await settleDamage(journal, {
    fromSegment,
    acceptLoss: false,
    wayOn: 'start the version of before with npm start -- --accept-loss',
    say: console.log,
  })
  const source = await Backend.open(from, {
    async onOpened(session) {
      const { repeated } = await replayJournal(journal, session, photos, fromSegment)
      if (repeated > 0) console.log(`Calls applied again from the journal: ${repeated}`)
    },
  })
  try {
    const target = await Backend.open(to)
    try {
      const city = await readCity(target.database())
      if (city) throw new ServerError('The new database holds a city already; name an empty one.')
      const rows = await copyCity(source.database(), target.database())
      console.log(`Rows copied: ${rows}`)
    } finally {
      await target.close()
    }
    return await proveCity(source.database())
  } finally {
    await source.close()
    await journal.close()
  }
}

/** Opens the new database as a start will, and holds it against the old one. */
async function requireEqual(before: CityProof, to: BackendOptions): Promise<void> {
  const target = await Backend.open(to)
  try {
    const db = target.database()
    const differences = differencesOf(before, await proveCity(db))
    if (differences.length > 0) {
      throw new ServerError(`The new database is not the same:\n${differences.join('\n')}`)
    }
    // another database counts its transactions anew: clients load again what they keep of it
    await db.query('update public.city_settings set restores = restores + 1')
  } finally {
    await target.close()
  }
}

/** Puts the old database aside and the new one in its place. */
function putInPlace(dataDir: string, aside: string, target: string | null): void {
  mkdirSync(aside, { mode: 0o700 })
  for (const name of moved) moveIfThere(join(dataDir, name), join(aside, name))
  if (target) {
    for (const name of ['pg', 'pg.installed']) moveIfThere(join(target, name), join(dataDir, name))
  }
  syncFolder(aside)
  syncFolder(dataDir)
}

/** Begins anew after an upgrade that was broken off, at whatever step: the old database comes back. */
function takeUpAgain(dataDir: string): void {
  const work = join(dataDir, upgradingFolder)
  if (!existsSync(work)) return
  const note = join(work, 'aside')
  const aside = existsSync(note) ? readFileSync(note, 'utf8') : ''
  if (aside && existsSync(aside)) {
    for (const name of moved) {
      if (!existsSync(join(aside, name))) continue
      rmSync(join(dataDir, name), { recursive: true, force: true })
      renameSync(join(aside, name), join(dataDir, name))
    }
    rmdirSync(aside)
  }
  syncFolder(dataDir)
  rmSync(work, { recursive: true, force: true })
  syncFolder(dataDir)
}

function moveIfThere(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to)
}

/** The packages that open a database of an earlier major version, installed beside the ones in use. */
function earlierEngine(major: number): EnginePackages {
  const packages = { pglite: `pglite-${major}`, postgis: `pglite-postgis-${major}` }
  try {
    if (majorOfEngine(packages.pglite) === major) return packages
  } catch {
    // not installed
  }
  const sources = earlierEngines[major]
  if (!sources) {
    throw new ServerError(
      `This version opens no database of Postgres ${major}. Its own is ${majorOfEngine(engineInUse.pglite)}.`,
    )
  }
  const [pglite, postgis] = sources
  throw new ServerError(
    `Postgres ${major} is needed to read the old database. Install it for this once and run the command again:\n` +
      `npm install --no-save --legacy-peer-deps ${packages.pglite}@npm:${pglite} ${packages.postgis}@npm:${postgis}`,
  )
}

function withoutPassword(databaseUrl: string): string {
  const url = URL.parse(databaseUrl)
  if (!url) return databaseUrl
  if (url.password) url.password = '…'
  return decodeURI(url.href)
}
