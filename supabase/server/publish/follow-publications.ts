import type { Database } from '../base/database-types.ts'
import type { PublishedDocument } from '../doors/figures.ts'
import { readNewestPublication } from './publications.ts'

const soonMs = 300
/** Another process may publish on one's own Postgres. */
const restMs = 60_000

/** Keeps the newest publication in memory, so that requests ask no database. */
export function followPublications(options: {
  database(): Pick<Database, 'query'>
  published: PublishedDocument
  onFailed(error: Error): void
}): { noteChange(): void; stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> | null = null
  let isStopped = false
  let last: string | null | undefined

  const lookIn = (waitMs: number): void => {
    clearTimeout(timer)
    if (isStopped) return
    timer = setTimeout(look, waitMs)
    timer.unref()
  }
  function look(): void {
    underWay = readNewestPublication(options.database())
      .then((text) => {
        if (text !== last) options.published.set(text)
        last = text
      })
      .catch((error: unknown) =>
        options.onFailed(error instanceof Error ? error : new Error(String(error))),
      )
      .then(() => lookIn(restMs))
  }
  look()
  return {
    noteChange: () => lookIn(soonMs),
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await underWay
    },
  }
}
