/** Imports go downward only; one room imports each library; no cycles. */
const rooms = [
  'stats', 'domain', 'geo', 'ui', 'map', 'charts', 'data', 'columns', 'sync', 'device', 'stores', 'parts', 'features', 'app',
]
/** @type {Record<string, string[]>} which rooms a room may import, besides itself */
const allowed = {
  stats: [],
  domain: ['stats'],
  geo: ['domain'],
  ui: ['domain'],
  map: ['domain', 'geo'],
  charts: ['domain', 'ui'],
  data: ['domain'],
  columns: ['domain', 'stats', 'data'],
  sync: ['domain', 'data'],
  device: ['domain', 'data'],
  stores: ['domain', 'geo', 'data', 'columns', 'sync', 'device'],
  parts: ['domain', 'geo', 'ui', 'map', 'charts', 'data', 'columns', 'sync', 'device', 'stores'],
  features: ['domain', 'geo', 'ui', 'map', 'charts', 'data', 'columns', 'sync', 'device', 'stores', 'parts'],
  app: rooms,
}
/** The rooms of `supabase/server`, in order: each imports only those before it. */
const serverRooms = [
  'base',
  'wire',
  'schema',
  'owner',
  'journal',
  'backend',
  'photos',
  'doors',
  'keeping',
  'publish',
  'report',
  'import',
  'start',
  'commands',
  'testing',
]
/** Which room alone may import a library. */
const libraries = [
  ['geo', '^@turf/'],
  ['map', '^(maplibre-gl|pmtiles|@protomaps/basemaps)'],
  ['charts', '^(echarts|vue-echarts)'],
  ['data', '^@supabase/'],
  ['sync', '^dexie'],
]

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...rooms.map((room) => ({
      name: `${room}-downward`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: '^src/', pathNot: [`^src/${room}/`, '^src/locales/', ...allowed[room].map((r) => `^src/${r}/`)] },
    })),
    ...serverRooms.map((room, index) => ({
      name: `server-${room}-downward`,
      severity: 'error',
      from: { path: `^supabase/server/${room}/` },
      to: {
        path: '^supabase/server/',
        pathNot: serverRooms.slice(0, index + 1).map((below) => `^supabase/server/${below}/`),
      },
    })),
    {
      name: 'server-imports-domain-alone',
      severity: 'error',
      // what its tests share may use the kit of all tests
      from: { path: '^supabase/server/', pathNot: '^supabase/server/testing/' },
      to: { path: '^(src|tests|supabase)/', pathNot: ['^src/domain/', '^supabase/server/'] },
    },
    {
      name: 'server-has-rooms',
      severity: 'error',
      from: { path: '^supabase/server/', pathNot: `^supabase/server/(${serverRooms.join('|')})/` },
      to: {},
    },
    {
      name: 'features-apart',
      severity: 'error',
      from: { path: '^src/features/([^/]+)/' },
      to: { path: '^src/features/', pathNot: '^src/features/$1/' },
    },
    ...libraries.map(([room, library]) => ({
      name: `only-${room}`,
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/${room}/` },
      to: { path: `node_modules/${library.slice(1)}` },
    })),
    {
      name: 'client-never-imports-server',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(supabase|tests)/' },
    },
    {
      name: 'stats-import-nothing',
      severity: 'error',
      from: { path: '^src/stats/' },
      to: { pathNot: '^src/stats/' },
    },
    {
      // Workers and Node run these rooms.
      name: 'plain-rooms',
      severity: 'error',
      from: { path: '^src/(stats|domain|geo|map|data|columns|sync|device|charts/(options|views))/' },
      to: { path: 'node_modules/(vue|pinia|vue-router|vue-i18n|@nuxt/ui|@pinia/[^/]+|@vueuse/[^/]+)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.test\\.ts$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
}
