import { setTimeout as sleep } from 'node:timers/promises'
import type { SupabaseClient } from '@supabase/supabase-js'
import { findPostgres, startCluster } from '../../../supabase/tests/harness/cluster.ts'
import { apiClient, call } from '../../kit/api.ts'
import { newDataDir, startAppServer } from '../../kit/app-server.ts'
import { quantileSorted } from '../quantile.ts'
import type { BenchResult } from '../run.ts'
import { fewRows, Files, importByCommand } from './import-kit.ts'
import type { Env } from './import-kit.ts'

const mostSlower = 3
/** Pause between ordinary calls, milliseconds: a person reading. */
const pauseMs = 40
const callsQuiet = 100

interface Options {
  log: (line: string) => void
}

/** Ordinary calls to a server beside an import, against those after it. */
export async function run({ log }: Options): Promise<BenchResult[]> {
  const files = new Files()
  try {
    const results = await besideServer('embedded server', {}, files, log)
    const found = findPostgres()
    if ('reason' in found) {
      log(`own Postgres left out: ${found.reason}`)
      return results
    }
    const cluster = await startCluster(found.bin)
    try {
      const env = { DATABASE_URL: cluster.url }
      results.push(...(await besideServer('own Postgres', env, files, log)))
    } finally {
      await cluster.stop()
    }
    return results
  } finally {
    files.remove()
  }
}

async function besideServer(
  tier: string,
  env: Env,
  files: Files,
  log: Options['log'],
): Promise<BenchResult[]> {
  const server = await startAppServer(env.DATABASE_URL ? { env, dataDir: newDataDir() } : {})
  try {
    const leader = await apiClient(server.url, 'leader')
    await timed(leader, () => true, 20)
    let isUnderWay = true
    const rows = fewRows
    const importing = importByCommand({ ...env, DATA_DIR: server.dataDir }, files, rows, log)
    void importing.finally(() => (isUnderWay = false)).catch(() => undefined)
    const during = await timed(leader, () => isUnderWay)
    const { seconds } = await importing
    // afterwards: as many incidents as at the import's end
    const quiet = await timed(leader, () => true, callsQuiet)
    const ratio = during.p95 / quiet.p95
    log(`${tier}: ${during.p95.toFixed(1)} ms beside an import, ${quiet.p95.toFixed(1)} after it`)
    return [
      {
        name: `an ordinary call beside an import / after it, p95, ${tier}`,
        ratio,
        target: `≤ ${mostSlower}`,
        pass: ratio <= mostSlower,
        detail: `${during.p95.toFixed(1)} against ${quiet.p95.toFixed(1)} ms, ${during.calls} calls beside ${rows} rows in ${seconds.toFixed(1)} s; slowest ${during.slowest.toFixed(0)} ms`,
      },
    ]
  } finally {
    await server.stop()
  }
}

/** Ordinary calls in turn, one after the other, while `goesOn` holds. */
async function timed(
  client: SupabaseClient,
  goesOn: () => boolean,
  most = Number.POSITIVE_INFINITY,
): Promise<{ p95: number; slowest: number; calls: number }> {
  const took: number[] = []
  while (goesOn() && took.length < most) {
    const began = performance.now()
    await call(client, took.length % 2 ? 'session_context' : 'incident_months')
    took.push(performance.now() - began)
    await sleep(pauseMs)
  }
  const sorted = took.toSorted((a, b) => a - b)
  return { p95: quantileSorted(sorted, 0.95)!, slowest: sorted.at(-1) ?? 0, calls: took.length }
}
