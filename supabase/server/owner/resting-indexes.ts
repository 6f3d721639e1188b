import type { Database } from '../base/database-types.ts'

/** Rows below which nothing is gained. */
const leastRows = 2_000
/** Of them, before what follows is foretold. */
const leastSeen = 500
/** Made at the same time, where there are processors and connections for it: one alone leaves the others idle. */
const madeAtOnce = 2
/** Some 150,000 incidents. */
const largeBytes = 64 * 2 ** 20

/**
 * Makes the indexes again that an import has let rest, also one that was killed.
 * @param onWaking told the name before each is made
 * @returns how many
 */
export async function wakeIndexes(
  db: Pick<Database, 'query'>,
  onWaking: () => void = () => undefined,
): Promise<number> {
  // a database that was not migrated yet has no such table
  const [known] = await db.query<{ found: boolean }>(
    `select to_regclass('private.resting_indexes') is not null as found`,
  )
  if (!known?.found) return 0
  const [resting] = await db.query<{ count: number }>(
    'select count(*)::integer as count from private.resting_indexes',
  )
  const count = resting?.count ?? 0
  let begun = 0
  const wake = async (): Promise<void> => {
    while (begun < count) {
      begun += 1
      onWaking()
      await db.query('select private.wake_index()')
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: madeAtOnce }, wake))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  if (count > 0) await analyseIfLarge(db)
  return count
}

/** The planner has forgotten the expressions of dropped indexes. It does without in a small table. */
async function analyseIfLarge(db: Pick<Database, 'query'>): Promise<void> {
  const [table] = await db.query<{ isLarge: boolean }>(
    `select pg_relation_size('public.incidents') > ${largeBytes} as "isLarge"`,
  )
  if (table?.isLarge) await db.query('analyze public.incidents')
}

/**
 * Lets the indexes of readers rest while an import brings at least as many rows as there were: made again from all
 * rows at its end, they take a third of the time. Only for an import that is alone with its database. A first batch
 * comes before: it shows that the rows are new and sound.
 */
export class RestingIndexes {
  readonly #db: Pick<Database, 'query'>
  readonly #source: string
  /** Before the import; null until it matters. */
  #rowsBefore: number | null = null
  #isResting = false

  /** @param source that the import's rows name */
  constructor(db: Pick<Database, 'query'>, source: string) {
    this.#db = db
    this.#source = source
  }

  /**
   * @param stored rows that this import has stored so far
   * @param expected how many it will have stored at its end, as it seems
   */
  async note(stored: number, expected: number): Promise<void> {
    if (this.#isResting || Math.max(stored, expected) < leastRows || stored < leastSeen) return
    if (this.#rowsBefore === null) {
      const [now] = await this.#db.query<{ count: number }>(
        'select count(*)::integer as count from public.incidents',
      )
      this.#rowsBefore = (now?.count ?? 0) - stored
    }
    // another batch may have come first
    if (this.#isResting || Math.max(stored, expected) < this.#rowsBefore) return
    this.#isResting = true
    await this.#db.query('select private.rest_indexes($1, $2)', [this.#source, stored])
  }

  /** Also after a failure. */
  async end(onWaking?: () => void): Promise<void> {
    if (this.#isResting) await wakeIndexes(this.#db, onWaking)
    this.#isResting = false
  }
}
