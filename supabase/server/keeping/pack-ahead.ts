import type { Database } from '../base/database-types.ts'
import type { FairQueue } from '../wire/fair-queue.ts'

export interface PackAheadOptions {
  database(): Pick<Database, 'query'>
  queue: Pick<FairQueue, 'run' | 'state'>
  /** Packs one more month of the person's scope, unless it has fewer incidents. @returns whether there may be another. */
  packNext(user: string, leastIncidents: number): Promise<boolean>
  onFailed(error: Error): void
}

export interface PackAhead {
  /** Many incidents may have changed: packs again once it is quiet. */
  noteChange(): void
  stop(): Promise<void>
}

/** Months of a smaller city are packed while its page starts. */
const leastIncidents = 50_000
/** Between two looks whether somebody is served. */
const lookMs = 100
/** After the last change, an import's batches for example. */
const quietMs = 5_000
/** In the fair queue. */
const person = 'months ahead'

/** Those who see the whole city share what is packed for one of them. */
const wholeCitySql = `
  select m.user_id::text as "user"
  from public.memberships m join public.areas a on a.code = m.area_code
  where a.parent_code is null and m.role in ('leader', 'admin', 'grid_manager')
    and private.is_valid(m.valid_from, m.valid_to, now())
  order by m.role = 'leader' desc, m.user_id limit 1`

/**
 * Packs the months of the whole city before anybody asks, newest first: after a start, and after many changes. It
 * takes one turn of the fair queue a month, and only while nobody is served.
 */
export function startPackAhead(options: PackAheadOptions): PackAhead {
  const { database, queue, packNext, onFailed } = options
  let isStopped = false
  let wake = (): void => undefined
  let underWay: Promise<void> | null = null
  let timer: NodeJS.Timeout | undefined

  /** Cut short by the end. */
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve
      setTimeout(resolve, lookMs).unref()
    })
  const isIdle = (): boolean => queue.state.underWay + queue.state.waiting === 0

  async function packAll(): Promise<void> {
    const [reader] = await database().query<{ user: string }>(wholeCitySql)
    if (!reader) return
    for (let isMore = true; isMore && !isStopped;) {
      if (isIdle()) isMore = await queue.run(person, () => packNext(reader.user, leastIncidents))
      else await pause()
    }
  }
  function begin(): void {
    // one that is under way sees the change, or leaves it to who asks
    underWay ??= packAll()
      .catch((error: unknown) => {
        if (!isStopped) onFailed(error instanceof Error ? error : new Error(String(error)))
      })
      .finally(() => (underWay = null))
  }

  begin()
  return {
    noteChange() {
      clearTimeout(timer)
      if (!isStopped) timer = setTimeout(begin, quietMs).unref()
    },
    async stop() {
      clearTimeout(timer)
      isStopped = true
      wake()
      await underWay
    },
  }
}
