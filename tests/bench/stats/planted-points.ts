import { normal, seededRandom } from '../generate/random.ts'

export interface PlantedPoints {
  /** Metres. */
  x: Float64Array
  y: Float64Array
}

const cityMetres = 12_000

/**
 * A city's incidents: a third spread evenly, more than half at 300 places with a spread of 30 m, and a
 * tenth on one point, as geocoders make them.
 */
export function plantedPoints(count: number, seed = 1): PlantedPoints {
  const random = seededRandom(seed)
  const places = Array.from({ length: 300 }, () => [random() * cityMetres, random() * cityMetres])
  const x = new Float64Array(count)
  const y = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const kind = random()
    const place = places[Math.floor(random() * places.length)]!
    if (kind < 0.33) {
      x[i] = random() * cityMetres
      y[i] = random() * cityMetres
    } else if (kind < 0.9) {
      x[i] = place[0]! + 30 * normal(random)
      y[i] = place[1]! + 30 * normal(random)
    } else {
      x[i] = cityMetres / 2
      y[i] = cityMetres / 2
    }
  }
  return { x, y }
}
