import { AppError } from '../data/errors.ts'
import type { CommandError } from '../domain/command.ts'
import type { ItemRow, OutboxDatabase } from './database.ts'
import { failureOf, untilAborted } from './failure.ts'
import { sha256Hex } from './hash.ts'
import type { Transport } from './types.ts'

const atOnce = 3
const uploadTimeoutMillis = 4 * 60_000

interface Uploading {
  db: OutboxDatabase
  transport: Transport
  signal: AbortSignal
  /** After each photo that arrived. */
  onUploaded: () => void
}

/**
 * Brings the photos of items to the server, three at once, each photo once. What fails for good
 * makes the items that name it `rejected`, their photos kept.
 * @returns what went wrong by photo, to be tried again
 */
export async function uploadPhotosOf(
  items: readonly ItemRow[],
  uploading: Uploading,
): Promise<Map<string, AppError>> {
  const { db, signal } = uploading
  const hashes = [...new Set(items.flatMap(({ photoHashes }) => photoHashes))]
  const failures = new Map<string, AppError>()
  const one = async (): Promise<void> => {
    for (let hash = hashes.shift(); hash !== undefined; hash = hashes.shift()) {
      if (signal.aborted) return
      try {
        await upload(hash, uploading)
      } catch (error) {
        if (signal.aborted) return
        const failure = failureOf(error)
        const refusal = refusalFrom(failure, hash)
        if (refusal) await refuse(db, hash, refusal)
        else failures.set(hash, failure)
        // the others would only meet the same
        if (failure.kind === 'unauthorized') hashes.length = 0
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  return failures
}

async function upload(
  hash: string,
  { db, transport, signal, onUploaded }: Uploading,
): Promise<void> {
  const photo = await db.read(async () => {
    const row = await db.photos.get(hash)
    const file = await db.photoBytes.get(hash)
    return row && file ? { ...row, bytes: file.bytes } : undefined
  }, [db.photos, db.photoBytes])
  if (!photo) throw new AppError('invalid', hash, { code: 'photo_missing' })
  if (photo.isUploaded === 1) return
  // A picture that the device's storage spoilt would be refused for ever, as a fault of the way.
  if ((await sha256Hex(photo.bytes)) !== hash)
    throw new AppError('invalid', hash, { code: 'photo_damaged' })
  const { mediaType, bytes } = photo
  await db.write(() => db.photos.update(hash, { isTried: 1 }), [db.photos])
  const limited = AbortSignal.any([signal, AbortSignal.timeout(uploadTimeoutMillis)])
  const file = { hash, mediaType, bytes, mayBeThere: photo.isTried === 1 }
  await untilAborted(transport.uploadPhoto(file, limited), limited)
  await db.write(() => db.photos.update(hash, { isUploaded: 1 }), [db.photos])
  onUploaded()
}

/** What arrived was not what was sent. */
const faultsOfTheWay = new Set(['photo_wrong_hash', 'photo_incomplete'])

/** The reason when the file itself is at fault; null when trying again may help. */
function refusalFrom({ kind, code, message }: AppError, hash: string): CommandError | null {
  if (kind !== 'invalid' || !code?.startsWith('photo_')) return null
  if (faultsOfTheWay.has(code)) return null
  return { code, field: 'photos', detail: message === hash ? hash : `${hash} ${message}` }
}

const refuse = (db: OutboxDatabase, hash: string, error: CommandError): Promise<void> =>
  db.write(async () => {
    const items = await db.items.where('photoHashes').equals(hash).toArray()
    for (const { seq, state } of items)
      if (state === 'queued')
        await db.items.update(seq, { state: 'rejected', error, isRecorded: false })
  }, [db.items])
