import { parentPort, workerData } from 'node:worker_threads'
import { clustersDbscan, featureCollection, point } from '@turf/turf'

const metresPerDegree = 111_195
const { x, y, radiusMetres, minPoints } = workerData as {
  x: Float64Array
  y: Float64Array
  radiusMetres: number
  minPoints: number
}
// At the equator, where a degree is as long both ways.
const places = featureCollection(
  Array.from(x, (east, i) => point([east / metresPerDegree, y[i]! / metresPerDegree])),
)
const start = performance.now()
clustersDbscan(places, radiusMetres / 1000, { minPoints })
parentPort?.postMessage(performance.now() - start)
