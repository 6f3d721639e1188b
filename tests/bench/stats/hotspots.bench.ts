import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contiguity } from '../../../src/stats/contiguity.ts'
import { localG, localGZ } from '../../../src/stats/getis-ord.ts'
import { latticeWeights } from '../../../src/stats/lattice.ts'
import { conditionalPermutation } from '../../../src/stats/permutation.ts'
import { polygonsFrom } from '../../../src/stats/polygons.ts'
import { seededRandom } from '../../../src/stats/random.ts'
import { withSelf } from '../../../src/stats/weights.ts'
import type { BenchResult } from '../run.ts'
import { quantileSorted } from '../quantile.ts'

const random = seededRandom(1)
const values = (n: number): Float64Array => Float64Array.from({ length: n }, () => random.unit())
const lattice = (side: number): ReturnType<typeof latticeWeights> =>
  latticeWeights({ columns: side, rows: side, shape: 'square' }, 'queen', true)

/**
 * Hotspots against R's spdep and GeoDa's WebAssembly, on the same values in the same run. Medians.
 * R with spdep comes by `apt-get install r-base-core r-cran-spdep`; GEODA_LISA names the folder of
 * an unpacked `npm pack @geoda/lisa@0.0.22`. A peer that is missing is said, not judged.
 */
export async function run({ log }: { log: (line: string) => void }): Promise<BenchResult[]> {
  const small = values(10_000)
  const large = values(1_000_000)
  const rings = jitteredCity(100)
  const spdep = timesOfSpdep(small, large, rings)
  const geoda = await timesOfGeoda(small)
  const cells = lattice(100)
  if (spdep) {
    const ours = localGZ(small, cells).z
    const off = Math.max(...spdep.z.map((z, i) => Math.abs(z - ours[i]!)))
    if (!(off < 1e-9)) throw new Error(`z differs from spdep's by ${off}`)
  }
  const z = medianMs(50, () => localGZ(small, cells))
  const permutations = medianMs(5, () => conditionalPermutation(small, cells))
  const polygons = polygonsFrom(
    rings.map((ring) => [ring]),
    'metres',
  )
  const fromPolygons = medianMs(7, () =>
    localG(small, withSelf(contiguity(polygons, 'queen').weights)),
  )
  const many = lattice(1000)
  const million = medianMs(7, () => localGZ(large, many))
  log(`with p: ${medianMs(50, () => localG(small, cells)).toFixed(2)} ms at 10,000`)
  log(`with p: ${medianMs(7, () => localG(large, many)).toFixed(1)} ms at 1,000,000`)

  const against = (
    name: string,
    least: number,
    peerMs: number | undefined,
    ms: number,
  ): BenchResult => {
    const target = `≥ ${least}`
    const own = `${ms.toFixed(2)} ms`
    if (peerMs === undefined) {
      return { name, ratio: Number.NaN, target, pass: true, detail: `${own}; peer not installed` }
    }
    const ratio = peerMs / ms
    return {
      name,
      ratio,
      target,
      pass: ratio >= least,
      detail: `${own} against ${peerMs.toFixed(1)} ms`,
    }
  }
  const ms = (name: string): number | undefined => spdep && spdep.seconds.get(name)! * 1000
  return [
    against('Gi* of 10,000 cells, spdep', 50, ms('localG-10000'), z),
    against('Gi* of 1,000,000 cells, spdep', 50, ms('localG-1000000'), million),
    against(
      '10,000 polygons to queen weights to Gi*, spdep',
      10,
      ms('polygons-10000'),
      fromPolygons,
    ),
    against('999 permutations of 10,000 cells, spdep', 20, ms('permutations-10000'), permutations),
    // GeoDa has no Gi* without permutations; 1 is the fewest.
    against('Gi* of 10,000 cells, GeoDa', 3, geoda?.analytic, z),
    against('999 permutations of 10,000 cells, GeoDa', 3, geoda?.permutations, permutations),
  ]
}

/** Side × side areas whose corners and points between, 20 an area, are moved at random; metres. */
function jitteredCity(side: number): number[][][] {
  const places = new Map<string, number[]>()
  const step = 5
  const at = (column: number, row: number): number[] => {
    const key = `${column},${row}`
    const place = places.get(key) ?? [
      (column + (random.unit() - 0.5) * 0.6) * 20,
      (row + (random.unit() - 0.5) * 0.6) * 20,
    ]
    places.set(key, place)
    return place
  }
  return Array.from({ length: side * side }, (_, i) => {
    const column = (i % side) * step
    const row = Math.floor(i / side) * step
    const ring: number[][] = []
    for (let k = 0; k < step; k++) ring.push(at(column + k, row))
    for (let k = 0; k < step; k++) ring.push(at(column + step, row + k))
    for (let k = step; k > 0; k--) ring.push(at(column + k, row + step))
    for (let k = step; k >= 0; k--) ring.push(at(column, row + k))
    return ring
  })
}

function timesOfSpdep(
  small: Float64Array,
  large: Float64Array,
  rings: number[][][],
): { seconds: Map<string, number>; z: Float64Array } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'wangge-spdep-'))
  try {
    writeFileSync(join(folder, 'values-10000'), small)
    writeFileSync(join(folder, 'values-1000000'), large)
    writeFileSync(join(folder, 'polygons'), Float64Array.from(rings.flat(2)))
    const script = new URL('spdep.R', import.meta.url).pathname
    const out = execFileSync('Rscript', [script, folder], { encoding: 'utf8', maxBuffer: 1e7 })
    const lines = out
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
    const z = readFileSync(join(folder, 'z-10000'))
    return {
      seconds: new Map(lines.map(([name, seconds]) => [name!, Number(seconds)])),
      z: new Float64Array(z.buffer.slice(z.byteOffset, z.byteOffset + z.byteLength)),
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface GeodaLisa {
  initWASM: (url: string) => Promise<unknown>
  localGStar: (of: {
    data: number[]
    neighbors: number[][]
    permutation: number
  }) => Promise<unknown>
}

async function timesOfGeoda(
  small: Float64Array,
): Promise<{ analytic: number; permutations: number } | undefined> {
  const folder = process.env['GEODA_LISA']
  if (!folder) return undefined
  const { initWASM, localGStar } = createRequire(import.meta.url)(folder) as GeodaLisa
  const code = readFileSync(join(folder, 'wasm/geoda-lisa.wasm')).toString('base64')
  await initWASM(`data:application/wasm;base64,${code}`)
  const { starts, neighbours, n } = latticeWeights(
    { columns: 100, rows: 100, shape: 'square' },
    'queen',
  )
  const neighbors = Array.from({ length: n }, (_, i) => [
    ...neighbours.subarray(starts[i], starts[i + 1]),
  ])
  const data = [...small]
  const time = async (permutation: number, repeats: number): Promise<number> => {
    const times: number[] = []
    for (let i = 0; i < repeats; i++) {
      const start = performance.now()
      await localGStar({ data, neighbors, permutation })
      times.push(performance.now() - start)
    }
    return quantileSorted(
      times.toSorted((a, b) => a - b),
      0.5,
    )!
  }
  await time(1, 2)
  return { analytic: await time(1, 7), permutations: await time(999, 3) }
}

function medianMs(repeats: number, work: () => unknown): number {
  for (let i = 0; i < 3; i++) work()
  const times = Array.from({ length: repeats }, () => {
    const start = performance.now()
    work()
    return performance.now() - start
  })
  return quantileSorted(
    times.toSorted((a, b) => a - b),
    0.5,
  )!
}
