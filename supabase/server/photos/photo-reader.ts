import type { PhotoName } from '../../../src/domain/photo/photo-rules.ts'
import type { Database } from '../base/database-types.ts'
import type { FairQueue } from '../wire/fair-queue.ts'

/** Photos per statement. */
const maxAtOnce = 200

interface Question {
  name: PhotoName
  resolve(may: boolean): void
  reject(error: unknown): void
}

/**
 * Asks the database with the caller's rights. Questions that arrive during a statement share the
 * next one.
 */
export class PhotoReader {
  #database: () => Database
  #queue: FairQueue
  #waiting = new Map<string, Question[]>()

  constructor(database: () => Database, queue: FairQueue) {
    this.#database = database
    this.#queue = queue
  }

  /** The person's own photos were checked at upload. */
  mayRead(name: PhotoName, userId: string): Promise<boolean> {
    if (name.owner === userId) return Promise.resolve(true)
    return new Promise((resolve, reject) => {
      const question = { name, resolve, reject }
      const waiting = this.#waiting.get(userId)
      if (waiting) waiting.push(question)
      else {
        this.#waiting.set(userId, [question])
        setImmediate(() => void this.#askAll(userId))
      }
    })
  }

  async #askAll(userId: string): Promise<void> {
    for (;;) {
      const questions = this.#waiting.get(userId)?.splice(0, maxAtOnce) ?? []
      if (questions.length === 0) break
      try {
        const names = questions.map(({ name }) => name)
        const answers = await this.#queue.run(userId, () => this.#ask(names, userId))
        questions.forEach(({ resolve }, n) => resolve(answers[n] === true))
      } catch (error) {
        for (const { reject } of questions) reject(error)
      }
    }
    this.#waiting.delete(userId)
  }

  async #ask(names: PhotoName[], userId: string): Promise<boolean[]> {
    const claims = JSON.stringify({ sub: userId, role: 'authenticated' })
    const rows = await this.#database().query<{ answers: boolean[] }>(
      `with caller as materialized (
         select set_config('request.jwt.claim.sub', $1, true) as sub,
                set_config('request.jwt.claims', $2, true) as claims)
       select to_jsonb(private.photos_to_read($3::text[]::uuid[], $4::text[], $5::text[])) as answers
         from caller where sub is not null and claims is not null`,
      [
        userId,
        claims,
        names.map(({ owner }) => owner),
        names.map(({ hash }) => hash),
        names.map(({ mediaType }) => mediaType),
      ],
    )
    return rows[0]?.answers ?? []
  }
}
