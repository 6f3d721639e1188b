import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../../supabase/server/backend/open-database.ts'
import { apiClient, call } from '../../kit/api.ts'
import { startAppServer } from '../../kit/app-server.ts'
import { quantileSorted } from '../quantile.ts'
import type { BenchResult } from '../run.ts'

const rounds = 4
/** The Mission and its surroundings: the densest part of the demo city. */
const place = { lng: -122.4194, lat: 37.7599 }

/** A plain count on the GiST index, callable like the product's own functions. */
const boxCount = `
  create or replace function public.bench_box_count(p_w float8, p_s float8, p_e float8, p_n float8)
  returns jsonb language sql stable security definer set search_path = '' as $$
    select to_jsonb(count(*)) from public.incidents
    where geom operator(extensions.&&) extensions.st_makeenvelope(p_w, p_s, p_e, p_n, 4326)
  $$;
  grant execute on function public.bench_box_count to authenticated;`

/** Thrice as many incidents around the place, so that the fullest tiles reach the cap of 2,000. */
const crowd = `
  insert into public.incidents (district_code, id, category_code, area_code, department_code, stage,
    on_hold, severity, lon, lat, qx, qy, description, address_label, reported_at, month, closed_at, channel)
  select district_code, gen_random_uuid(), category_code, area_code, department_code, stage, on_hold,
    severity, lon, lat, qx, qy, description, address_label, reported_at, month, closed_at, channel
  from public.incidents, generate_series(1, 2)
  where lon between ${place.lng - 0.03} and ${place.lng + 0.03}
    and lat between ${place.lat - 0.03} and ${place.lat + 0.03};
  analyze public.incidents;`

/**
 * A filtered, capped points tile against a plain GiST count of the same box, both as calls over HTTP
 * through the same embedded server, as the same person, in turn.
 */
export async function run({ log }: { log: (line: string) => void }): Promise<BenchResult[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'wangge-bench-points-'))
  try {
    await (await startAppServer({ dataDir, keepData: true })).stop()
    const database = await openDatabase({ ...process.env, DATA_DIR: dataDir }, 'the points bench')
    await database.exec(boxCount)
    await database.exec(crowd)
    await database.close()
    const server = await startAppServer({ dataDir, keepData: true })
    try {
      const leader = await apiClient(server.url, 'leader')
      // six of the seven and a half years of the demo, whose dates end about now
      const year = new Date().getFullYear()
      const p_filter = {
        from: `${year - 6}-01-01`,
        to: `${year - 1}-12-31`,
        categories: ['dirty_environment', 'aging_facility'],
      }
      const points: number[] = []
      const counts: number[] = []
      let fullest = 0
      let capped = 0
      for (let round = -1; round < rounds; round++) {
        for (const tile of tiles()) {
          const [w, s, e, n] = boxOf(tile)
          const counted = await timed(() =>
            call(leader, 'bench_box_count', { p_w: w, p_s: s, p_e: e, p_n: n }),
          )
          const drawn = await timed(async () => {
            const { shown, total } = await call<{ shown: number; total: number }>(
              leader,
              'incident_points',
              {
                p_z: tile.z,
                p_x: tile.x,
                p_y: tile.y,
                p_filter,
              },
            )
            fullest = Math.max(fullest, total)
            if (shown < total && round >= 0) capped++
          })
          // the first round warms plans and caches
          if (round < 0) continue
          counts.push(counted)
          points.push(drawn)
        }
      }
      const [p95, floor] = [percentile(points), percentile(counts)]
      const detail = `${p95.toFixed(1)} ms against ${floor.toFixed(1)} ms over HTTP, ${points.length} calls each, up to ${fullest} incidents a tile, ${capped} calls capped`
      log(detail)
      return [
        {
          name: 'points tile p95 / plain GiST box count p95, embedded server',
          ratio: p95 / floor,
          target: '≤ 3',
          pass: p95 <= 3 * floor && capped > 0,
          detail,
        },
      ]
    } finally {
      await server.stop()
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

interface Tile {
  z: number
  x: number
  y: number
}

/** Three by three tiles around the place at each zoom that points are drawn at. */
function tiles(): Tile[] {
  return [14, 15, 16].flatMap((z) => {
    const x = Math.floor(((place.lng + 180) / 360) * 2 ** z)
    const radians = (place.lat * Math.PI) / 180
    const y = Math.floor((0.5 - Math.asinh(Math.tan(radians)) / (2 * Math.PI)) * 2 ** z)
    return [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => ({ z, x: x + dx, y: y + dy })))
  })
}

/** West, south, east, north in degrees. */
function boxOf({ z, x, y }: Tile): [number, number, number, number] {
  const lng = (column: number): number => (column / 2 ** z) * 360 - 180
  const lat = (row: number): number =>
    (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / 2 ** z))) * 180) / Math.PI
  return [lng(x), lat(y + 1), lng(x + 1), lat(y)]
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

const percentile = (values: number[]): number =>
  quantileSorted(
    values.toSorted((a, b) => a - b),
    0.95,
  ) ?? Number.NaN
