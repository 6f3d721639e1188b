import { copyFileSync, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { requestSnapshot } from '../owner/admin-client.ts'
import { adminSocketPath } from '../owner/admin-socket.ts'
import { Backend } from '../backend/backend.ts'
import { ServerError } from '../base/errors.ts'
import { Journal } from '../journal/journal.ts'
import { describeHolder, lockHolder, takeLock } from '../owner/lock.ts'
import { backUpPhotos, photosBeside } from '../keeping/photo-backup.ts'
import { settleDamage } from '../journal/journal-damage.ts'
import { PhotoStore, photosFolder } from '../photos/photo-store.ts'
import { runCommand } from './run-command.ts'
import { loadSecrets } from '../base/secrets.ts'
import { settingsFrom } from '../base/settings.ts'
import { firstSegmentToReplay } from '../journal/snapshot-files.ts'
import { takeSnapshot } from '../keeping/take-snapshot.ts'
import { replayJournal } from '../keeping/replay.ts'

/** `npm run backup [-- FILE]` */
await runCommand(async ([file, ...rest]) => {
  if (rest.length > 0 || file?.startsWith('-'))
    throw new ServerError('Usage: npm run backup -- [FILE]')
  const { dataDir, databaseUrl } = settingsFrom(process.env)
  if (databaseUrl) {
    throw new ServerError(
      'One’s own Postgres is backed up with its own tools: pg_dump -Fc "$DATABASE_URL" > wangge.dump, ' +
        `and after it a copy of ${photosFolder(dataDir)}.`,
    )
  }
  if (file && existsSync(file)) throw new ServerError(`${file} exists already.`)
  const holder = lockHolder(dataDir)
  let snapshot: string
  if (holder) {
    const socket = adminSocketPath(dataDir)
    if (!existsSync(socket)) {
      throw new ServerError(`The data folder is in use by ${describeHolder(holder)}.`)
    }
    snapshot = await requestSnapshot(socket)
  } else {
    snapshot = await snapshotOfClosedFolder(dataDir)
  }
  const target = file ? resolve(file) : snapshot
  if (file) copyFileSync(snapshot, target)
  console.log(`Backed up to ${target}`)
  if (file) {
    const added = await backUpPhotos(dataDir, target)
    if (existsSync(photosBeside(target))) {
      console.log(`Photos are beside it in ${photosBeside(target)}, added now: ${added}`)
    }
  } else console.log(`Photos belong to it and stay in ${photosFolder(dataDir)}`)
})

async function snapshotOfClosedFolder(dataDir: string): Promise<string> {
  if (!existsSync(join(dataDir, 'pg', 'PG_VERSION'))) {
    throw new ServerError(`There is no database in ${dataDir}.`)
  }
  const lock = takeLock(dataDir, 'npm run backup')
  try {
    const fromSegment = firstSegmentToReplay(dataDir)
    const journal = await Journal.open(dataDir, fromSegment)
    const wayOn = 'npm start -- --accept-loss'
    await settleDamage(journal, { fromSegment, acceptLoss: false, wayOn, say: console.log })
    const secrets = loadSecrets(dataDir)
    const photos = new PhotoStore(photosFolder(dataDir))
    const backend = await Backend.open(
      { dataDir, databaseUrl: null, secrets, siteUrl: 'http://127.0.0.1' },
      {
        async onOpened(session) {
          await replayJournal(journal, session, photos, fromSegment)
        },
      },
    )
    const { path } = await takeSnapshot(dataDir, backend, journal)
    await backend.close()
    await journal.close()
    return path
  } finally {
    lock.release()
  }
}
