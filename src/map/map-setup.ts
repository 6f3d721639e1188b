import { addProtocol, setWorkerUrl } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import { archiveProtocol, archiveScheme } from './protocols/archive-protocol.ts'
import { loadPointTile, pointsScheme } from './protocols/points-protocol.ts'

let done = false

/** What all maps of the page share: MapLibre's worker and the protocols. Once is enough. */
export function setUpMaps(): void {
  if (done) return
  done = true
  // Without its own worker file the build passes and the map stays empty.
  setWorkerUrl(workerUrl)
  addProtocol(archiveScheme, archiveProtocol())
  addProtocol(pointsScheme, ({ url }, { signal }) => loadPointTile(url, signal))
}
