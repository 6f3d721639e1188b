import { seededRandom } from '../generate/random.ts'
import type { BenchDatabase } from './database.ts'
import { quantile } from './database.ts'

const tileCount = 150

interface Tile {
  z: number
  x: number
  y: number
  box: [west: number, south: number, east: number, north: number]
}

/** Tiles around random incidents, zoom 14 to 16 alike: crowded ones as often as people look there. */
async function someTiles({ db }: BenchDatabase): Promise<Tile[]> {
  const places = await db.query<{ lon: number; lat: number }>(
    `select lon, lat from public.incidents order by id limit ${tileCount}`,
  )
  return places.map(({ lon, lat }, index) => {
    const z = 14 + (index % 3)
    const n = 2 ** z
    const x = Math.floor(((lon + 180) / 360) * n)
    const mercator = Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360))
    const y = Math.floor((0.5 - mercator / (2 * Math.PI)) * n)
    const latitude = (row: number) =>
      (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / n))) * 180) / Math.PI
    return {
      z,
      x,
      y,
      box: [(x / n) * 360 - 180, latitude(y + 1), ((x + 1) / n) * 360 - 180, latitude(y)],
    }
  })
}

export interface TileTimes {
  /** 95th percentile in milliseconds. */
  points: number
  boxCount: number
  /** Incidents in the fullest tile. */
  fullest: number
}

/**
 * Times `incident_points` against the plain count of the tile's box by the GiST index, in turns over
 * one connection and with the same sign-in around both. Every second tile is filtered to a year.
 */
export async function timeTiles(bench: BenchDatabase, lastYear: object): Promise<TileTimes> {
  const tiles = await someTiles(bench)
  const random = seededRandom(5)
  const points: number[] = []
  const boxCounts: number[] = []
  let fullest = 0
  const timed = async (into: number[], run: () => Promise<unknown>) => {
    const start = performance.now()
    await run()
    into.push(performance.now() - start)
  }
  for (const round of ['warm', 'measured']) {
    for (const { z, x, y, box } of tiles) {
      const filter = JSON.stringify(random() < 0.5 ? lastYear : {})
      const tile = () =>
        bench.call<{ total: number }>(`incident_points(${z}, ${x}, ${y}, $1::text::jsonb)`, [
          filter,
        ])
      const count = () =>
        bench.db.transaction(async (tx) => {
          await tx.query(`select set_config('request.jwt.claim.sub', '', true)`)
          const [row] = await tx.query<{ n: number }>(
            `select count(*)::integer as n from public.incidents where geom operator(extensions.&&)
               extensions.st_makeenvelope($1, $2, $3, $4, 4326)`,
            box,
          )
          fullest = Math.max(fullest, row!.n)
        })
      await timed(round === 'warm' ? [] : points, tile)
      await timed(round === 'warm' ? [] : boxCounts, count)
    }
  }
  const p95 = (values: number[]) =>
    quantile(
      values.toSorted((a, b) => a - b),
      0.95,
    )
  return { points: p95(points), boxCount: p95(boxCounts), fullest }
}
