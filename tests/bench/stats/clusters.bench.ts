import { Worker } from 'node:worker_threads'
import postgres from 'postgres'
import { findPostgres, startCluster } from '../../../supabase/tests/harness/cluster.ts'
import { dbscan } from '../../../src/stats/dbscan.ts'
import { hdbscan } from '../../../src/stats/hdbscan.ts'
import type { BenchResult } from '../run.ts'
import { quantile, times } from '../sql/database.ts'
import { scanWorld } from './scan-world.ts'
import { plantedPoints, type PlantedPoints } from './planted-points.ts'

const points = 100_000
const radiusMetres = 25
const minPoints = 10
const turfTarget = 300
const worlds = 1000

/** Repeat places of 100,000 points, beside PostGIS on the same plane and turf on degrees. */
export async function run({ log }: { log: (line: string) => void }): Promise<BenchResult[]> {
  const planted = plantedPoints(points)
  const own = await median(9, () => dbscan(planted.x, planted.y, radiusMetres, minPoints))
  log(`dbscan of ${points} points: ${own.toFixed(1)} ms`)
  const results: BenchResult[] = []
  const postgis = await timePostgis(planted)
  if (postgis === null) log('no PostGIS here')
  else {
    log(`PostGIS: ${postgis.toFixed(0)} ms`)
    results.push(row('PostGIS ST_ClusterDBSCAN', postgis, own, 2.5))
  }
  const limit = turfTarget * own
  const turf = await timeTurf(planted, limit)
  log(`turf: ${turf === null ? `not done after ${limit.toFixed(0)}` : turf.toFixed(0)} ms`)
  results.push(row('turf clustersDbscan', turf ?? limit, own, turfTarget))
  const few = plantedPoints(points / 5)
  const hierarchy = await median(3, () => hdbscan(few.x, few.y, { minSize: minPoints }))
  log(`hdbscan of ${points / 5} points: ${hierarchy.toFixed(0)} ms`)
  return [...results, ...scanAlarms(log)]
}

/** The scan's false alarms and power at the 5 % level, 99 permutations a world. */
function scanAlarms(log: (line: string) => void): BenchResult[] {
  const seeds = Array.from({ length: worlds }, (_, seed) => seed)
  const start = performance.now()
  const alarms = seeds.filter((seed) => scanWorld(seed, 0).p <= 0.05).length / worlds
  log(`a scan: ${((performance.now() - start) / worlds).toFixed(1)} ms`)
  const power = (extra: number) =>
    seeds.slice(0, 200).filter((seed) => {
      const { p, isPlanted } = scanWorld(seed, extra)
      return p <= 0.05 && isPlanted
    }).length / 200
  const [twelve, sixteen] = [power(12), power(16)]
  return [
    {
      name: `false alarms of the space-time scan in ${worlds} worlds without a cluster`,
      ratio: alarms,
      // three standard errors of 1,000 worlds
      target: '0.03 – 0.07',
      pass: alarms >= 0.03 && alarms <= 0.07,
      detail: 'at the 5 % level, 300 cases, 64 places, 40 steps',
    },
    {
      name: 'power of the space-time scan, 16 more cases in 4 places × 4 steps',
      ratio: sixteen,
      target: '≥ 0.9',
      pass: sixteen >= 0.9,
      detail: `200 worlds; 12 more cases: ${twelve}`,
    },
  ]
}

function row(peer: string, taken: number, own: number, min: number): BenchResult {
  const ratio = taken / own
  return {
    name: `${peer} ÷ DBSCAN, ${points.toLocaleString('en')} points`,
    ratio,
    target: `≥ ${min}`,
    pass: ratio >= min,
    detail: `${taken.toFixed(0)} ms and ${own.toFixed(1)} ms, medians; a tenth of the points on one place`,
  }
}

const median = async (runs: number, run: () => unknown): Promise<number> =>
  quantile(await times(runs, run), 0.5)

/** Geometries are made before: only the clustering is measured. */
async function timePostgis({ x, y }: PlantedPoints): Promise<number | null> {
  const found = findPostgres()
  if ('reason' in found) return null
  const cluster = await startCluster(found.bin)
  const sql = postgres(cluster.url, { max: 1, onnotice: () => undefined })
  try {
    await sql`create extension postgis`
    await sql`create table points as select st_makepoint(x, y) as place
      from unnest(${sql.array([...x])}::float8[], ${sql.array([...y])}::float8[]) as p (x, y)`
    return await median(
      3,
      () => sql`select count(distinct cluster) from (
      select st_clusterdbscan(place, ${radiusMetres}::float8, ${minPoints}::int) over () as cluster
      from points) as found`,
    )
  } finally {
    await sql.end()
    await cluster.stop()
  }
}

/** Null where turf is not done within the limit: the pile on one place takes it minutes. */
function timeTurf({ x, y }: PlantedPoints, limitMs: number): Promise<number | null> {
  const worker = new Worker(new URL('./turf-worker.ts', import.meta.url), {
    workerData: { x, y, radiusMetres, minPoints },
  })
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => void worker.terminate().then(() => resolve(null)), limitMs + 5000)
    worker.once('error', reject)
    worker.once('message', (taken: number) => {
      clearTimeout(late)
      resolve(taken)
    })
  })
}
