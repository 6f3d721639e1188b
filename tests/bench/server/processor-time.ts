import { readdirSync, readFileSync } from 'node:fs'
import type { Database } from '../../../supabase/server/base/database-types.ts'

/** Linux counts in hundredths of a second, whatever the kernel's own tick. */
const ticksPerSecond = 100

interface Process {
  parent: number
  /** Seconds, own and of children that have ended. */
  seconds: number
}

/** Null when it has ended meanwhile. */
function processOf(pid: number): Process | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the name, in brackets, may hold spaces
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    return { parent: Number(fields[1]), seconds: ticks / ticksPerSecond }
  } catch {
    return null
  }
}

/** Tells the processor time of a whole Postgres so far, in seconds: of its sessions and of its own processes. */
export async function processorTimeOf(db: Database): Promise<() => number> {
  const [session] = await db.query<{ pid: number }>('select pg_backend_pid() as pid')
  const postmaster = processOf(session?.pid ?? 0)?.parent
  if (postmaster === undefined) throw new Error('Postgres runs on another machine')
  return () =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => ({ pid: Number(name), found: processOf(Number(name)) }))
      .filter(({ pid, found }) => pid === postmaster || found?.parent === postmaster)
      .reduce((sum, { found }) => sum + (found?.seconds ?? 0), 0)
}
