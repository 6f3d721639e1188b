import { addProtocol, setWorkerUrl } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import { archiveProtocol, archiveScheme } from './protocols/archive-protocol.ts'
import { loadPointTile, pointsScheme } from './protocols/points-protocol.ts'

let done = false

export function setUpMaps(): void {
  if (done) return
  done = true
  // Without its worker file the build passes, but the map stays empty.
  setWorkerUrl(workerUrl)
  addProtocol(archiveScheme, archiveProtocol())
  addProtocol(pointsScheme, ({ url }, { signal }) => loadPointTile(url, signal))
}
