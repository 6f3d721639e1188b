import { classifyEmerging } from '../../../src/stats/emerging.ts'
import { spaceTimeGiStar } from '../../../src/stats/space-time-gi.ts'
import { seededRandom } from '../generate/random.ts'
import type { BenchResult } from '../run.ts'
import { quantile, times } from '../sql/database.ts'

const [across, down, steps] = [50, 40, 48]
const maxMs = 50

/** Emerging hot spots of 2,000 areas × 48 months with up to eight neighbours each. */
export async function run({ log }: { log: (line: string) => void }): Promise<BenchResult[]> {
  const random = seededRandom(1)
  const spatial = lattice()
  const counts = Uint32Array.from({ length: across * down * steps }, () => random() * 20)
  const taken = await times(30, () => {
    const z = spaceTimeGiStar(counts, spatial, steps, { lags: 1 })
    classifyEmerging(z, steps, { criticalZ: 1.96 })
  })
  const median = quantile(taken, 0.5)
  log(`${across * down} areas × ${steps} months: ${median.toFixed(1)} ms`)
  return [
    {
      name: `emerging hot spots of ${across * down} areas × ${steps} months, ms`,
      ratio: median,
      target: `≤ ${maxMs}`,
      pass: median <= maxMs,
      detail: `shortest ${taken[0]!.toFixed(1)} ms; space-time Gi*, Mann–Kendall and classes`,
    },
  ]
}

function lattice(): { starts: Uint32Array; neighbours: Uint32Array } {
  const starts = [0]
  const neighbours: number[] = []
  for (let area = 0; area < across * down; area++) {
    const [column, row] = [area % across, Math.floor(area / across)]
    for (let y = Math.max(0, row - 1); y <= Math.min(down - 1, row + 1); y++)
      for (let x = Math.max(0, column - 1); x <= Math.min(across - 1, column + 1); x++)
        if (x !== column || y !== row) neighbours.push(y * across + x)
    starts.push(neighbours.length)
  }
  return { starts: Uint32Array.from(starts), neighbours: Uint32Array.from(neighbours) }
}
