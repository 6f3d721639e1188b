import { spaceTimeScan } from '../../../src/stats/scan.ts'
import { seededRandom } from '../generate/random.ts'

const across = 8
const steps = 40
const background = 300
/** Four places in a square and the last four steps. */
const planted = [18, 19, 26, 27]
const plantedSteps = 4

/**
 * 300 cases at random places and steps on 8 × 8 places 500 m apart, and `extra` cases planted. Scanned
 * with 99 permutations, circles up to 1,000 m and windows up to a week.
 */
export function scanWorld(seed: number, extra: number): { p: number; isPlanted: boolean } {
  const random = seededRandom(seed + 1)
  const some = (end: number) => Math.floor(random() * end)
  const index = Array.from({ length: across * across }, (_, place) => place)
  const places = Array.from({ length: background }, () => some(index.length))
  const times = places.map(() => some(steps))
  for (let i = 0; i < extra; i++) {
    places.push(planted[some(planted.length)]!)
    times.push(steps - 1 - some(plantedSteps))
  }
  const [best] = spaceTimeScan(
    {
      x: index.map((place) => (place % across) * 500),
      y: index.map((place) => Math.floor(place / across) * 500),
      places,
      times,
      steps,
    },
    { maxRadiusMetres: 1000, maxSteps: 7, permutations: 99, random },
  )
  return {
    p: best?.p ?? 1,
    isPlanted: best?.places.some((place) => planted.includes(place)) ?? false,
  }
}
