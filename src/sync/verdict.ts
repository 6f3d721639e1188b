import type { CommandError, Receipt } from '@/domain/command/command.ts'
import type { ItemRow } from './database.ts'

/** `nothing`: no genuine receipt. */
export type Verdict =
  | { kind: 'nothing' }
  /** Sent in another person's session. */
  | { kind: 'wrong-actor' }
  | { kind: 'received'; version: number | null; caseNumber: string | null }
  /** The server lacks only these photos. */
  | { kind: 'missing-photos'; hashes: string[] }
  | { kind: 'rejected'; error: CommandError; isRecorded: boolean }
  | { kind: 'conflict'; error: CommandError }

const nothing: Verdict = { kind: 'nothing' }

/** Not recorded under this id. */
const unrecorded = ['invalid_command', 'id_taken', 'id_reused']
/** The id is used up. */
const idIsSpent = ['id_taken', 'id_reused']

/** Contradicting receipts, foreign hashes or photos prove nothing. */
export function verdictOf(
  item: Pick<ItemRow, 'hash' | 'photoHashes'>,
  receipts: readonly Receipt[],
): Verdict {
  const [receipt, ...others] = receipts
  if (!receipt || others.some((other) => JSON.stringify(other) !== JSON.stringify(receipt)))
    return nothing
  const { outcome, error, missingPhotos } = receipt
  const matches = receipt.hash === item.hash
  if (outcome === 'rejected') {
    if (!error) return nothing
    if (receipt.hash === null && error.code === 'wrong_actor') return { kind: 'wrong-actor' }
    if (matches) return { kind: 'rejected', error, isRecorded: true }
    return receipt.hash === null && unrecorded.includes(error.code)
      ? { kind: 'rejected', error, isRecorded: idIsSpent.includes(error.code) }
      : nothing
  }
  if (!matches) return nothing
  if (outcome === 'conflict') return error ? { kind: 'conflict', error } : nothing
  if (missingPhotos.length === 0)
    return { kind: 'received', version: receipt.version, caseNumber: receipt.caseNumber }
  const ours = missingPhotos.every((hash) => item.photoHashes.includes(hash))
  return ours ? { kind: 'missing-photos', hashes: missingPhotos } : nothing
}
