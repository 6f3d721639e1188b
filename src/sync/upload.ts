import { AppError } from '@/data/errors.ts'
import type { CommandError } from '@/domain/command/command.ts'
import type { ItemRow, OutboxDatabase } from './database.ts'
import { failureOf, untilAborted } from './failure.ts'
import { sha256Hex } from './hash.ts'
import type { UploadPace } from './pace.ts'
import type { Transport } from './types.ts'

interface Uploading {
  db: OutboxDatabase
  transport: Transport
  pace: UploadPace
  now: () => number
  timeout: (millis: number) => AbortSignal
  signal: AbortSignal
  /** After each photo. */
  onUploaded: () => void
}

export interface UploadRound {
  /** Photos uploaded or finally refused. */
  settled: number
  /** By photo hash; to try again. */
  failures: Map<string, AppError>
}

/** The next photo would fail too. */
const endsRound = new Set<AppError['kind']>(['offline', 'unauthorized', 'rate-limited'])

/**
 * Items with all photos become `queued`; finally refused ones `rejected`, with their photos kept.
 */
export async function uploadPhotosOf(
  items: readonly ItemRow[],
  uploading: Uploading,
): Promise<UploadRound> {
  const { db, signal, pace } = uploading
  const hashes = [...new Set(items.flatMap(({ photoHashes }) => photoHashes))]
  const round: UploadRound = { settled: 0, failures: new Map() }
  const worker = async (index: number): Promise<void> => {
    while (index < pace.atOnce && !signal.aborted) {
      const hash = hashes.shift()
      if (hash === undefined) return
      try {
        await upload(hash, uploading)
        round.settled++
      } catch (error) {
        if (signal.aborted) return
        const failure = failureOf(error)
        const refusal = refusalFrom(failure, hash)
        if (refusal) {
          await refuse(db, hash, refusal)
          round.settled++
          continue
        }
        round.failures.set(hash, failure)
        if (failure.code === 'timeout') pace.timedOut(hash)
        if (endsRound.has(failure.kind)) hashes.length = 0
        await leaveReason(db, hash, failure)
      }
    }
  }
  await Promise.all(Array.from({ length: pace.atOnce }, (_, index) => worker(index)))
  return round
}

async function upload(hash: string, uploading: Uploading): Promise<void> {
  const { db, transport, signal, pace, now } = uploading
  const photo = await db.read(async () => {
    const row = await db.photos.get(hash)
    const file = await db.photoBytes.get(hash)
    return row && file ? { ...row, bytes: file.bytes } : undefined
  }, [db.photos, db.photoBytes])
  if (!photo) throw new AppError('invalid', hash, { code: 'photo_missing' })
  const { mediaType, bytes } = photo
  if (photo.isUploaded !== 1) {
    // Device storage damaged the file: the server would refuse every try.
    if ((await sha256Hex(bytes)) !== hash)
      throw new AppError('invalid', hash, { code: 'photo_damaged' })
    await db.write(() => db.photos.update(hash, { isTried: 1 }), [db.photos])
    const size = bytes.byteLength
    const limited = AbortSignal.any([signal, uploading.timeout(pace.millis(hash, size))])
    const began = now()
    const file = { hash, mediaType, bytes, mayBeThere: photo.isTried === 1 }
    await untilAborted(transport.uploadPhoto(file, limited), limited)
    pace.arrived(hash, size, now() - began)
  }
  await markUploaded(db, hash)
  uploading.onUploaded()
}

/** Queues complete items in the same transaction. */
const markUploaded = (db: OutboxDatabase, hash: string): Promise<void> =>
  db.write(async () => {
    await db.photos.update(hash, { isUploaded: 1 })
    for (const item of await waitingFor(db, hash)) {
      const photos = await db.photos.bulkGet(item.photoHashes)
      if (photos.every((photo) => photo?.isUploaded === 1))
        await db.items.update(item.seq, { state: 'queued', error: null })
    }
  }, [db.items, db.photos])

const waitingFor = async (db: OutboxDatabase, hash: string): Promise<ItemRow[]> => {
  const items = await db.items.where('photoHashes').equals(hash).toArray()
  return items.filter(({ state }) => state === 'photos')
}

/** For display only. */
const leaveReason = (db: OutboxDatabase, hash: string, { code, kind }: AppError): Promise<void> =>
  db.write(async () => {
    const error: CommandError = { code: code ?? kind, field: 'photos', detail: hash }
    for (const { seq } of await waitingFor(db, hash)) await db.items.update(seq, { error })
  }, [db.items])

/** Damaged on the way. */
const faultsOfTheWay = new Set(['photo_wrong_hash', 'photo_incomplete'])

/** Null unless the file is at fault. */
function refusalFrom({ kind, code, message }: AppError, hash: string): CommandError | null {
  if (kind !== 'invalid' || !code?.startsWith('photo_')) return null
  if (faultsOfTheWay.has(code)) return null
  return { code, field: 'photos', detail: message === hash ? hash : `${hash} ${message}` }
}

const refuse = (db: OutboxDatabase, hash: string, error: CommandError): Promise<void> =>
  db.write(async () => {
    for (const { seq } of await waitingFor(db, hash))
      await db.items.update(seq, { state: 'rejected', error, isRecorded: false })
  }, [db.items])
