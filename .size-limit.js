/**
 * What a first visit loads, from the build's own manifest. The map page is held against its
 * libraries: MapLibre, its worker and Vue, compressed likewise. A page that is not in the manifest
 * under its name, or a library that belongs to a later page in a first load, fails at once.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'))

/** Chunks that are loaded with these: themselves and their static imports. */
function chunksOf(keys, seen = new Set()) {
  for (const key of keys) {
    if (!manifest[key]) throw new Error(`${key} is not in the build's manifest`)
    if (seen.has(key)) continue
    seen.add(key)
    chunksOf(manifest[key].imports ?? [], seen)
  }
  return seen
}
const scriptsOf = (keys) => [
  ...new Set([...chunksOf(keys)].map((key) => manifest[key].file).filter((file) => file.endsWith('.js'))),
].map((file) => `dist/${file}`)
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

/** A person loads one language: the larger one counts. */
const larger = (...files) =>
  files.toSorted((a, b) => gzipBytes(`dist/${manifest[b]?.file}`) - gzipBytes(`dist/${manifest[a]?.file}`))[0]
const shell = ['index.html', larger('src/app/messages/en.ts', 'src/app/messages/zh-CN.ts')]
const pageMessages = larger('src/app/messages/pages.en.ts', 'src/app/messages/pages.zh-CN.ts')
const signIn = [...shell, 'src/features/sign-in/SignInPage.vue']
const signedIn = [...shell, 'src/app/AppShell.vue']
const mapPage = [...signIn, ...signedIn, pageMessages, 'src/features/map-page/MapPage.vue']

/** Workers start by address, so the manifest does not know who loads them; the map page has these two. */
const workers = ['columns.worker', 'maplibre-gl-worker'].map((name) => {
  const file = readdirSync('dist/assets').find((one) => one.startsWith(`${name}-`))
  if (!file) throw new Error(`dist/assets has no ${name}`)
  return `dist/assets/${file}`
})

/** Words by which a minified library is known, of those that only later pages need. */
const later = {
  echarts: /echarts/,
  dexie: /Dexie/,
  exifreader: /MetadataMissingError/,
  zxcvbn: /bruteforce/,
  'terra-draw': /terra-?draw/i,
  'geodata formats': /flatgeobuf|shpjs/,
}
/** Not in the app yet; all others must be found somewhere, or their word has become blind. */
const unused = ['terra-draw', 'geodata formats']
const textOf = (file) => readFileSync(file, 'utf8')
const firstLoad = scriptsOf(mapPage)
const assets = readdirSync('dist/assets').filter((file) => file.endsWith('.js'))
for (const [name, word] of Object.entries(later)) {
  const early = firstLoad.find((file) => word.test(textOf(file)))
  if (early) throw new Error(`${early} of the first load holds ${name}`)
  if (unused.includes(name)) continue
  if (!assets.some((file) => word.test(textOf(`dist/assets/${file}`)))) {
    throw new Error(`no file of the build holds ${name}: is ${word} still its word?`)
  }
}

export default [
  { name: 'shell before the map, to the sign-in page', path: scriptsOf(signIn), gzip: true, limit: '250 kB' },
  { name: 'shell before the map, signed in', path: scriptsOf(signedIn), gzip: true, limit: '256 kB' },
  {
    name: 'whole map page, workers included',
    path: [...firstLoad, ...workers],
    gzip: true,
    limit: `${Math.floor((1.99 * libraries) / 1000)} kB`,
  },
]
