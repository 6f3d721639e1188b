import type { Intent } from './ledger.ts'

/** One place in the database where an intent's token was found. */
export interface StoredIntent {
  token: string
  /** Actor by the database. */
  actor: string
  incidentId: string
  /** Hashes of the photos attached there and held by the server. */
  photoHashes: string[]
  contentHash: string
}

export interface Reconciliation {
  intents: number
  /** Tokens meant by somebody and not found. */
  lost: string[]
  /** Tokens found more than once. */
  doubled: string[]
  /** Tokens found under somebody else. */
  wrongUser: string[]
  /** Tokens found at another incident than was meant. */
  wrongIncident: string[]
  /** Tokens whose category, place, severity or words are not what was entered. */
  mangled: string[]
  /** Tokens whose photos are not all there. */
  withoutPhotos: string[]
  /** Tokens in the database that nobody meant. */
  invented: string[]
}

/** Compares what people meant with what the database holds. */
export function reconcile(
  intents: readonly Intent[],
  stored: readonly StoredIntent[],
): Reconciliation {
  const found = new Map<string, StoredIntent[]>()
  for (const one of stored) found.set(one.token, [...(found.get(one.token) ?? []), one])
  const result: Reconciliation = {
    intents: intents.length,
    lost: [],
    doubled: [],
    wrongUser: [],
    wrongIncident: [],
    mangled: [],
    withoutPhotos: [],
    invented: [],
  }
  const meant = new Set<string>()
  for (const intent of intents) {
    meant.add(intent.token)
    const places = found.get(intent.token) ?? []
    if (places.length === 0) result.lost.push(intent.token)
    if (places.length > 1) result.doubled.push(intent.token)
    if (places.some(({ actor }) => actor !== intent.actor)) result.wrongUser.push(intent.token)
    if (places.some(({ incidentId }) => incidentId !== intent.incidentId))
      result.wrongIncident.push(intent.token)
    if (places.some(({ contentHash }) => contentHash !== intent.contentHash))
      result.mangled.push(intent.token)
    const held = new Set(places.flatMap(({ photoHashes }) => photoHashes))
    if (places.length > 0 && intent.photoHashes.some((hash) => !held.has(hash)))
      result.withoutPhotos.push(intent.token)
  }
  for (const token of found.keys()) if (!meant.has(token)) result.invented.push(token)
  return result
}

/** One line for the test's output. */
export const describeReconciliation = (result: Reconciliation): string =>
  `${result.intents} intents: ${result.lost.length} lost, ${result.doubled.length} doubled, ` +
  `${result.wrongUser.length} under the wrong user, ${result.wrongIncident.length} at the wrong incident, ` +
  `${result.mangled.length} with other content, ` +
  `${result.withoutPhotos.length} without a photo, ${result.invented.length} invented`

export const isClean = (result: Reconciliation): boolean =>
  [
    result.lost,
    result.doubled,
    result.wrongUser,
    result.wrongIncident,
    result.mangled,
    result.withoutPhotos,
    result.invented,
  ].every(({ length }) => length === 0)
