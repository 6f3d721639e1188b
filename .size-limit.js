/**
 * What a first visit loads, from the build's own manifest. The map page is held against its
 * libraries: MapLibre, its worker and Vue, compressed likewise.
 */
import { existsSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'))

/** Scripts that are loaded with `key`: itself and its static imports. */
function scriptsOf(key, seen = new Set()) {
  const chunk = manifest[key]
  if (!chunk || seen.has(chunk.file)) return seen
  if (chunk.file.endsWith('.js')) seen.add(chunk.file)
  for (const next of chunk.imports ?? []) scriptsOf(next, seen)
  return seen
}
const page = (...keys) => {
  const files = new Set()
  for (const key of keys) {
    if (!manifest[key]) throw new Error(`${key} is not in the build's manifest`)
    for (const file of scriptsOf(key)) files.add(`dist/${file}`)
  }
  return [...files]
}
const gzipBytes = (path) => gzipSync(readFileSync(path)).length
const firstThatExists = (...paths) => {
  const found = paths.find((path) => existsSync(path))
  if (!found) throw new Error(`none of ${paths.join(', ')} exists`)
  return found
}

const maplibre = 'node_modules/maplibre-gl/dist'
const libraries =
  gzipBytes(firstThatExists(`${maplibre}/maplibre-gl.mjs`, `${maplibre}/maplibre-gl.js`)) +
  gzipBytes(`${maplibre}/maplibre-gl-shared.mjs`) +
  gzipBytes(`${maplibre}/maplibre-gl-worker.mjs`) +
  gzipBytes('node_modules/vue/dist/vue.runtime.esm-browser.prod.js')

const shell = ['index.html', 'src/locales/en', 'src/features/sign-in/SignInPage.vue']
const isKey = (name) => Object.keys(manifest).find((key) => key === name || key.startsWith(`${name}/`))
const keys = (names) => names.map(isKey).filter(Boolean)
const workers = Object.values(manifest)
  .filter((chunk) => /worker/.test(chunk.file))
  .map((chunk) => `dist/${chunk.file}`)

export default [
  { name: 'shell before the map', path: page(...keys(shell)), gzip: true, limit: '250 kB' },
  {
    name: 'whole map page, workers included',
    path: [
      ...new Set([
        ...page(...keys(shell), 'src/app/AppShell.vue', 'src/features/map-page/MapPage.vue'),
        ...workers,
      ]),
    ],
    gzip: true,
    limit: `${Math.floor((1.8 * libraries) / 1000)} kB`,
  },
]
