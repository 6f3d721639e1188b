import { readdirSync, readFileSync } from 'node:fs'

/** Of Linux, on every common machine. */
const ticksPerSecond = 100

/** Processor seconds so far, by kind of process: a busy machine stretches the clock, not these. */
export type CpuSeconds = Record<'server' | 'postgres' | 'page' | 'pageWorkers' | 'browser', number>

interface Process {
  pid: number
  parent: number
  command: string
  seconds: number
}

/** As of /proc; null for a process that has ended. */
function processOf(pid: number): Process | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the name in brackets may hold spaces
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    // its own time; of Postgres also that of connections that ended
    const counted = /postgres/.test(command) ? [11, 12, 13, 14] : [11, 12]
    const ticks = counted.reduce((sum, at) => sum + Number(fields[at]), 0)
    return {
      pid,
      parent: Number(fields[1]),
      command,
      seconds: ticks / ticksPerSecond,
    }
  } catch {
    return null
  }
}

/** Seconds of a renderer's threads whose name begins so. */
function threadSeconds(pid: number, name: string): number {
  let seconds = 0
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
      if (!stat.slice(stat.indexOf('(') + 1).startsWith(name)) continue
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      seconds += (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
    }
  } catch {
    // the process has ended
  }
  return seconds
}

/** Of this process's own children; elsewhere than on Linux all are 0. */
export function cpuSeconds(): CpuSeconds {
  const sums: CpuSeconds = { server: 0, postgres: 0, page: 0, pageWorkers: 0, browser: 0 }
  let pids: number[]
  try {
    pids = readdirSync('/proc').map(Number).filter(Boolean)
  } catch {
    return sums
  }
  const all = new Map(
    pids.flatMap((pid) => {
      const found = processOf(pid)
      return found ? [[pid, found] as const] : []
    }),
  )
  const isOurs = (one: Process): boolean => {
    for (let at: Process | undefined = one; at; at = all.get(at.parent))
      if (at.pid === process.pid) return one.pid !== process.pid
    return false
  }
  for (const one of all.values()) {
    if (!isOurs(one)) continue
    if (/postgres/.test(one.command)) sums.postgres += one.seconds
    else if (/commands\/start\.ts/.test(one.command)) sums.server += one.seconds
    else if (/--type=renderer/.test(one.command)) {
      const inWorkers = threadSeconds(one.pid, 'DedicatedWorker')
      sums.pageWorkers += inWorkers
      sums.page += one.seconds - inWorkers
    } else if (/chrom/.test(one.command)) sums.browser += one.seconds
  }
  return sums
}

/** In words, without kinds that did nothing. */
export function cpuSince(before: CpuSeconds, after = cpuSeconds()): string {
  return Object.entries(after)
    .map(([kind, seconds]) => [kind, seconds - before[kind as keyof CpuSeconds]] as const)
    .filter(([, seconds]) => seconds >= 0.05)
    .map(([kind, seconds]) => `${kind} ${seconds.toFixed(1)}`)
    .join(', ')
}
