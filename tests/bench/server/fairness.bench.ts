import { setTimeout as sleep } from 'node:timers/promises'
import type { SupabaseClient } from '@supabase/supabase-js'
import { findPostgres, startCluster } from '../../../supabase/tests/harness/cluster.ts'
import { apiClient, call } from '../../kit/api.ts'
import { newDataDir, startAppServer } from '../../kit/app-server.ts'
import { quantileSorted } from '../quantile.ts'
import type { BenchResult } from '../run.ts'

/** Ordinary calls that are timed, quiet and under attack. */
const samples = 120
/** Pause between ordinary calls, milliseconds: a person reading. */
const pauseMs = 40
/** Calls each attacker keeps open. */
const openCalls = 24

/**
 * Two persons who call as fast as they can, and a third who works as usual: her 95th percentile
 * against her own on the quiet server, on both tiers.
 */
export async function run({ log }: { log: (line: string) => void }): Promise<BenchResult[]> {
  const results = await measure('embedded server', {}, log)
  const postgres = findPostgres()
  if ('reason' in postgres) log(`own Postgres left out: ${postgres.reason}`)
  else {
    const cluster = await startCluster(postgres.bin)
    try {
      results.push(...(await measure('own Postgres', { DATABASE_URL: cluster.url }, log)))
    } finally {
      await cluster.stop()
    }
  }
  return results
}

async function measure(
  tier: string,
  env: Record<string, string>,
  log: (line: string) => void,
): Promise<BenchResult[]> {
  const server = await startAppServer(env.DATABASE_URL ? { env, dataDir: newDataDir() } : {})
  try {
    const leader = await apiClient(server.url, 'leader')
    await timed(leader)
    const quietMs = await timed(leader)
    const attackers = [await apiClient(server.url, 'field'), await apiClient(server.url, 'manager')]
    const stop = new AbortController()
    const attacks = attackers.map((client) => attack(client, stop.signal))
    await Promise.all(attacks.map(({ underWay }) => underWay))
    const attackedMs = await timed(leader)
    stop.abort()
    const counts = await Promise.all(attacks.map(({ ended }) => ended))
    const calls = counts.reduce((sum, count) => sum + count, 0)
    log(
      `${tier}: p95 ${quietMs.toFixed(1)} ms quiet, ${attackedMs.toFixed(1)} ms beside ${calls} calls`,
    )
    return [
      {
        name: `an ordinary call beside two attackers ÷ quiet, p95, ${tier}`,
        ratio: attackedMs / quietMs,
        target: '≤ 5',
        pass: attackedMs <= 5 * quietMs,
        detail: `${attackedMs.toFixed(1)} against ${quietMs.toFixed(1)} ms, beside ${calls} calls`,
      },
      {
        name: `an ordinary call beside two attackers, p95 in seconds, ${tier}`,
        ratio: attackedMs / 1_000,
        target: '≤ 1',
        pass: attackedMs <= 1_000,
        detail: `${openCalls} calls open by each attacker`,
      },
    ]
  } finally {
    await server.stop()
  }
}

/** 95th percentile of ordinary calls, milliseconds. */
async function timed(client: SupabaseClient): Promise<number> {
  const took: number[] = []
  for (let n = 0; n < samples; n++) {
    const began = performance.now()
    await call(client, 'incident_months')
    took.push(performance.now() - began)
    await sleep(pauseMs)
  }
  return quantileSorted(
    took.toSorted((a, b) => a - b),
    0.95,
  )!
}

/** Cheap calls without a pause; a refusal is followed by the next call at once. */
function attack(client: SupabaseClient, signal: AbortSignal) {
  let calls = 0
  let begun = (): void => undefined
  const underWay = new Promise<void>((resolve) => (begun = resolve))
  const lane = async (): Promise<void> => {
    while (!signal.aborted) {
      await client.rpc('session_context')
      if (++calls > 2 * openCalls) begun()
    }
  }
  const ended = Promise.all(Array.from({ length: openCalls }, lane)).then(() => calls)
  return { underWay, ended }
}
