import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Backend } from '../backend/backend.ts'
import type { Database } from '../base/database-types.ts'
import { ServerError, messageOf } from '../base/errors.ts'
import { Journal } from '../journal/journal.ts'
import { takeLock } from '../owner/lock.ts'
import { replayJournal } from '../keeping/replay.ts'
import { restorePhotos } from '../keeping/photo-backup.ts'
import { recordLostPhotos, recordUnknownPhotos } from '../photos/photo-checks.ts'
import { PhotoStore, photosFolder } from '../photos/photo-store.ts'
import { runCommand } from './run-command.ts'
import { loadSecrets } from '../base/secrets.ts'
import { settingsFrom } from '../base/settings.ts'
import { firstSegmentToReplay, listSnapshots } from '../journal/snapshot-files.ts'
import { syncFolder } from '../base/files.ts'
import { settleDamage } from '../journal/journal-damage.ts'
import { requireWhole, wayBack } from '../journal/snapshot-check.ts'

const usage = `Usage: npm run restore -- FILE [--with-journal [--accept-loss]]

FILE is what npm run backup wrote, or a file of the data folder's snapshots. With --with-journal the
commands received after that snapshot are applied again, and devices go on with their queues; without,
the city is as it was then and a new one to devices: people are asked to bring over what is unsent.
Where the journal is damaged, --accept-loss goes on without the damaged lines and names them.
Photos in the folder FILE.photos beside it are brought back with it, and photos received since stay.
The folder's former content is kept beside it.`

const options = new Set(['--with-journal', '--accept-loss'])

/** `npm run restore -- FILE` */
await runCommand(async (args) => {
  const withJournal = args.includes('--with-journal')
  const acceptLoss = args.includes('--accept-loss')
  const [file, ...rest] = args.filter((arg) => !options.has(arg))
  const { dataDir, databaseUrl } = settingsFrom(process.env)
  if (databaseUrl) {
    throw new ServerError(
      'One’s own Postgres is restored with its own tools: pg_restore --clean -d "$DATABASE_URL" wangge.dump, ' +
        `and the copy of its photos goes into ${photosFolder(dataDir)}.`,
    )
  }
  if (!file || rest.length > 0 || file.startsWith('-')) {
    throw new ServerError(`${usage}\n\n${await wayBack(dataDir)}`)
  }
  const backup = resolve(file)
  if (!existsSync(backup)) throw new ServerError(`${backup}: no such file.`)
  await requireWhole(backup, dataDir)
  const segment = listSnapshots(dataDir).find(({ path }) => path === backup)?.segment
  if (withJournal && segment === undefined) {
    throw new ServerError(`--with-journal needs a file of ${join(dataDir, 'snapshots')}.`)
  }
  const lock = takeLock(dataDir, 'npm run restore')
  try {
    // Photos are only added, so a later failure does no harm.
    const photos = new PhotoStore(photosFolder(dataDir))
    const { restored, damaged } = await restorePhotos(backup, photos)
    const aside = setAside(dataDir, withJournal)
    try {
      await openRestored(dataDir, backup, photos, withJournal ? segment : undefined, acceptLoss)
    } catch (error) {
      putBack(dataDir, aside)
      throw new ServerError(`Nothing was restored: ${messageOf(error)}`)
    }
    console.log(`Restored from ${backup}`)
    if (restored > 0) console.log(`Photos brought back: ${restored}`)
    if (damaged > 0) console.log(`Photos left out because they are damaged: ${damaged}`)
    if (existsSync(aside)) console.log(`What was there before is in ${aside}`)
  } finally {
    lock.release()
  }
})

function setAside(dataDir: string, keepJournal: boolean): string {
  const stamp = new Date().toISOString().replace(/[:.]/g, '-')
  const aside = join(dataDir, `before-restore-${stamp}`)
  const names = keepJournal ? ['pg'] : ['pg', 'journal']
  for (const name of names) {
    if (!existsSync(join(dataDir, name))) continue
    mkdirSync(aside, { recursive: true, mode: 0o700 })
    renameSync(join(dataDir, name), join(aside, name))
  }
  for (const folder of [aside, dataDir]) if (existsSync(folder)) syncFolder(folder)
  return aside
}

function putBack(dataDir: string, aside: string): void {
  for (const name of ['pg', 'journal']) {
    if (!existsSync(join(aside, name))) continue
    rmSync(join(dataDir, name), { recursive: true, force: true })
    renameSync(join(aside, name), join(dataDir, name))
  }
  rmSync(aside, { recursive: true, force: true })
}

async function openRestored(
  dataDir: string,
  archive: string,
  photos: PhotoStore,
  segment: number | undefined,
  acceptLoss: boolean,
): Promise<void> {
  const secrets = loadSecrets(dataDir)
  const backend = await Backend.open(
    { dataDir, databaseUrl: null, secrets, siteUrl: 'http://127.0.0.1', archive },
    {
      async onOpened(session) {
        const db = session.database()
        if (segment === undefined) await becomeAnother(db)
        else await stayTheSame(db)
        if (segment !== undefined) {
          const journal = await Journal.open(dataDir, firstSegmentToReplay(dataDir))
          await settleDamage(journal, {
            fromSegment: segment,
            acceptLoss,
            wayOn: `npm run restore -- ${archive} --with-journal --accept-loss`,
            say: console.log,
          })
          const done = await replayJournal(journal, session, photos, segment)
          await journal.close()
          console.log(`Calls applied again from the journal: ${done.repeated}`)
          if (done.setAside > 0) console.log(`Calls that could not be: ${done.setAside}`)
        }
        await recordUnknownPhotos(db, photos, photos.names())
        const lost = await recordLostPhotos(db, photos)
        if (lost > 0) console.log(`Photos the city knows of whose files are not here: ${lost}`)
      },
    },
  )
  await backend.close()
}

/**
 * Receipts may exist for lost data. Clients key data by the instance id: with a new one, old queues
 * wait until their owners bring them over.
 */
async function becomeAnother(db: Database): Promise<void> {
  await db.query('update public.city_settings set instance_id = $1::uuid', [randomUUID()])
}

/** With the journal every receipt stays true, so devices continue their queues. */
async function stayTheSame(db: Database): Promise<void> {
  await db.query('update public.city_settings set restores = restores + 1', [])
}
