import { compressBody } from '../wire/compress.ts'
import type { Encoding } from '../wire/compress.ts'
import { emptyMonth, packMonth } from './pack-month.ts'
import type { MonthRecords } from './pack-month.ts'

/** One statement as a person. */
export type AskAs = (
  user: string,
  sql: string,
  params: readonly (string | null)[],
) => Promise<Record<string, unknown>[]>

export interface KeptAnswer {
  body: Uint8Array
  encoding: Encoding
}

interface MonthInfo {
  month: string
  count: number
  revision: string
}

/** Of `private.columns_state`. */
interface State {
  cursor: string
  asOf: string
  now: string
  changed: string[] | null
  scope: string
}

/** Every change before `cursor` is known. */
type Instant = Pick<State, 'cursor' | 'asOf'>

interface Listing extends Instant {
  months: MonthInfo[]
}

/** Persons who read the same incidents share it. */
interface Scope {
  list: Map<string, MonthInfo> | null
  /** Months whose entry in `list` is old. */
  stale: Set<string>
  /** The newest instant at which no entry of `list` was old. */
  listedAt: Instant
  /** Until then an old list answers while many months change; see `restShare`. */
  restsUntil: number
  /** JSON of one `PackedMonth` each. */
  packed: Map<string, Uint8Array>
  /** By months; good as long as their JSON is the kept one. */
  answers: Map<string, { parts: readonly Uint8Array[]; encoded: Map<Encoding, KeptAnswer> }>
  bytes: number
}

const stateSql = 'select private.columns_state($1) as state'
const listSql = `select private.columns_state('') as state, private.some_months($1::text::text[]) as list`
// One statement: what is kept belongs to the scope and the cursor beside it.
const packSql = `
  select s.state, m.month, m.revision, m.count, m.records
  from (select private.columns_state('') as state) s
  left join lateral private.incident_records($1::text::text[]) m on true`

/** How often a person's rights may change within one call. */
const mostTries = 3
/** About two million incidents. */
const defaultMaxBytes = 64 * 2 ** 20
const mostScopes = 200
/** Each batch of an import changes so many months; a report changes one. */
const manyMonths = 12
/** To list many months again takes at most one part in so many of the time. */
const restShare = 20
/** Milliseconds. */
const longestRest = 2_000

/**
 * Keeps packed months and the answers made of them, until an incident of the month changes. Every call asks the
 * database first who reads what, and which months changed since the last look.
 *
 * Kept months hold every change before the cursor. Months read at an older instant answer their own call only. While
 * an import runs, the list may be some seconds old and says so by its own cursor: `changes_since` goes on from there.
 */
export class KeptColumns {
  readonly #ask: AskAs
  readonly #maxBytes: number
  readonly #now: () => number
  /** The longest unused first. */
  readonly #scopes = new Map<string, Scope>()
  readonly #packing = new Map<string, Promise<Packed>>()
  #cursor = ''

  /** @param now milliseconds of a clock that never goes back */
  constructor(ask: AskAs, maxBytes = defaultMaxBytes, now = (): number => performance.now()) {
    this.#ask = ask
    this.#maxBytes = maxBytes
    this.#now = now
  }

  /** The answer of `incident_months`. */
  async months(user: string): Promise<string> {
    for (let tries = 1; ; tries++) {
      const state = await this.#look(user)
      const scope = this.#scopeOf(state.scope)
      const list = await this.#list(user, state, scope)
      if (!list && tries < mostTries) continue
      if (!list) throw new Error('The scope changed again and again.')
      const { cursor, asOf } = list
      const months = list.months.toSorted((a, b) => (a.month < b.month ? -1 : 1))
      return JSON.stringify({ asOf, now: state.now, cursor, months })
    }
  }

  /** The answer of `incident_columns`. @param months written as YYYY-MM */
  async columns(user: string, months: readonly string[], encoding: Encoding): Promise<KeptAnswer> {
    const asked = [...new Set(months)].sort()
    for (let tries = 1; ; tries++) {
      const state = await this.#look(user)
      const scope = this.#scopeOf(state.scope)
      const parts = new Map(
        asked.flatMap((month) => {
          const known = scope.packed.get(month)
          return known ? [[month, known] as const] : []
        }),
      )
      const missing = asked.filter((month) => !parts.has(month))
      if (missing.length > 0) {
        const packed = await this.#pack(user, state, missing)
        if (packed.state.scope !== state.scope) {
          if (tries < mostTries) continue
          throw new Error('The scope changed again and again.')
        }
        for (const [month, text] of packed.months) parts.set(month, text)
      }
      return this.#answer(
        scope,
        asked,
        [...asked.flatMap((month) => parts.get(month) ?? [])],
        encoding,
      )
    }
  }

  /**
   * Packs the newest month that is not kept yet; nothing where the person reads fewer incidents than `least`.
   * @returns whether there may be another: false also where no room is left.
   */
  async ahead(user: string, least: number): Promise<boolean> {
    const state = await this.#look(user)
    const scope = this.#scopeOf(state.scope)
    const months = (await this.#list(user, state, scope))?.months ?? []
    if (months.reduce((sum, { count }) => sum + count, 0) < least) return false
    const missing = months.map(({ month }) => month).filter((month) => !scope.packed.has(month))
    const newest = missing.toSorted().at(-1)
    if (newest === undefined) return false
    await this.#pack(user, state, [newest])
    return scope.packed.has(newest)
  }

  /** Reads the person's scope, and forgets months that changed. */
  async #look(user: string): Promise<State> {
    const asked = this.#cursor
    const [row] = await this.#ask(user, stateSql, [asked])
    const state = row!.state as State
    if (state.changed === null) {
      // Nothing was kept before, or the database is another one now. Another call may have found that out.
      if (epochOf(state.cursor) !== epochOf(this.#cursor) || asked === this.#cursor) {
        this.#scopes.clear()
        this.#cursor = state.cursor
      }
    } else {
      for (const month of state.changed)
        for (const scope of this.#scopes.values()) forget(scope, month)
      if (beforeOf(state.cursor) > beforeOf(this.#cursor)) this.#cursor = state.cursor
    }
    return state
  }

  #scopeOf(name: string): Scope {
    const scope = this.#scopes.get(name) ?? {
      list: null,
      stale: new Set<string>(),
      listedAt: { cursor: '', asOf: '' },
      restsUntil: 0,
      packed: new Map<string, Uint8Array>(),
      answers: new Map(),
      bytes: 0,
    }
    this.#scopes.delete(name)
    this.#scopes.set(name, scope)
    if (this.#scopes.size > mostScopes) this.#scopes.delete(this.#scopes.keys().next().value!)
    return scope
  }

  /** Null when the person's rights changed meanwhile. */
  async #list(user: string, looked: State, scope: Scope): Promise<Listing | null> {
    const { list, stale } = scope
    const { cursor, asOf } = looked
    if (list && stale.size === 0) scope.listedAt = { cursor, asOf }
    const mayBeOld = stale.size > manyMonths && this.#now() < scope.restsUntil
    if (list && (stale.size === 0 || mayBeOld))
      return { ...scope.listedAt, months: [...list.values()] }
    const asked = list ? [...stale] : null
    const began = this.#now()
    const [row] = await this.#ask(user, listSql, [asked && arrayOf(asked)])
    const took = this.#now() - began
    const state = row!.state as State
    if (state.scope !== looked.scope) return null
    const found = row!.list as MonthInfo[]
    const merged = new Map(asked ? list : null)
    for (const month of asked ?? []) merged.delete(month)
    for (const one of found) merged.set(one.month, one)
    if (this.#isFresh(state, scope) && scope.list === list) {
      scope.list = merged
      scope.listedAt = { cursor, asOf }
      scope.restsUntil = began + took + Math.min(longestRest, took * restShare)
      if (asked) for (const month of asked) stale.delete(month)
      else stale.clear()
    }
    return { cursor, asOf, months: [...merged.values()] }
  }

  /** Persons who ask for the same at the same time wait for one answer. */
  async #pack(user: string, state: State, months: readonly string[]): Promise<Packed> {
    const key = `${state.scope} ${months.join()}`
    const underWay = this.#packing.get(key)
    if (underWay) {
      const packed = await underWay
      if (beforeOf(packed.state.cursor) >= beforeOf(state.cursor)) return packed
    }
    const packing = this.#packAnew(user, months)
    this.#packing.set(key, packing)
    try {
      return await packing
    } finally {
      if (this.#packing.get(key) === packing) this.#packing.delete(key)
    }
  }

  async #packAnew(user: string, months: readonly string[]): Promise<Packed> {
    const rows = await this.#ask(user, packSql, [arrayOf(months)])
    const state = rows[0]!.state as State
    const found = new Map(
      rows.map((row) => [row.month as string | null, row as unknown as MonthRecords]),
    )
    const packed = new Map(
      months.map((month) => {
        const records = found.get(month) ?? emptyMonth(month)
        return [month, bytesOf(JSON.stringify(packMonth(records)))] as const
      }),
    )
    const scope = this.#scopeOf(state.scope)
    if (this.#isFresh(state, scope))
      for (const [month, text] of packed) this.#keep(scope, month, text)
    return { state, months: packed }
  }

  /** Whether what was read then may be kept, and is not of a forgotten scope. */
  #isFresh({ cursor, scope: name }: State, scope: Scope): boolean {
    return (
      epochOf(cursor) === epochOf(this.#cursor) &&
      beforeOf(cursor) >= beforeOf(this.#cursor) &&
      this.#scopes.get(name) === scope
    )
  }

  #keep(scope: Scope, month: string, text: Uint8Array): void {
    forget(scope, month, false)
    if (!this.#makeRoom(text.byteLength, scope)) return
    scope.packed.set(month, text)
    scope.bytes += text.byteLength
  }

  /** Forgets scopes that were not asked for longest. */
  #makeRoom(bytes: number, wanted: Scope): boolean {
    let held = [...this.#scopes.values()].reduce((sum, scope) => sum + scope.bytes, 0)
    for (const [name, scope] of this.#scopes) {
      if (held + bytes <= this.#maxBytes) break
      if (scope === wanted) continue
      held -= scope.bytes
      this.#scopes.delete(name)
    }
    return held + bytes <= this.#maxBytes
  }

  async #answer(
    scope: Scope,
    months: readonly string[],
    parts: readonly Uint8Array[],
    encoding: Encoding,
  ): Promise<KeptAnswer> {
    const key = months.join()
    const known = scope.answers.get(key)
    const isSame = known?.parts.every((part, at) => part === parts[at]) ?? false
    const kept = isSame ? known!.encoded.get(encoding) : undefined
    if (kept) return kept
    const answer = await compressBody(joined(parts), encoding)
    const isKept = months.every((month, at) => scope.packed.get(month) === parts[at])
    if (isKept && answer.encoding && this.#makeRoom(answer.body.byteLength, scope)) {
      drop(scope, key)
      scope.answers.set(key, { parts, encoded: new Map([[encoding, answer]]) })
      scope.bytes += answer.body.byteLength
    }
    return answer
  }
}

interface Packed {
  state: State
  months: Map<string, Uint8Array>
}

/** Instance and restores. */
const epochOf = (cursor: string): string => cursor.split('.')[0]!
/** Transactions below it are final. */
const beforeOf = (cursor: string): number => Number(cursor.split('.')[1] ?? 0)

const arrayOf = (months: readonly string[]): string => `{${months.join()}}`

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const pieces = parts.flatMap((part, at) => [bytesOf(at === 0 ? '[' : ','), part])
  return Buffer.concat([...(pieces.length > 0 ? pieces : [bytesOf('[')]), bytesOf(']')])
}

function forget(scope: Scope, month: string, isChanged = true): void {
  if (isChanged) scope.stale.add(month)
  const text = scope.packed.get(month)
  if (!text) return
  scope.packed.delete(month)
  scope.bytes -= text.byteLength
  for (const [key, { parts }] of scope.answers) if (parts.includes(text)) drop(scope, key)
}

function drop(scope: Scope, key: string): void {
  for (const { body } of scope.answers.get(key)?.encoded.values() ?? [])
    scope.bytes -= body.byteLength
  scope.answers.delete(key)
}
