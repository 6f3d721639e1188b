import { parseArgs } from 'node:util'
import { isSupabase } from '../backend/provision.ts'
import { openDatabase } from '../backend/open-database.ts'
import type { Database } from '../base/database-types.ts'
import { messageOf, ServerError } from '../base/errors.ts'
import { dataDirFrom } from '../base/settings.ts'
import { readBasemap, removeBasemap, storeBasemap } from '../owner/basemap.ts'
import { runCommand } from './run-command.ts'

const usage = `npm run basemap -- FILE.pmtiles [--attribution TEXT] [--check]
npm run basemap -- remove
npm run basemap

  Gives the city a street map of its own: vector tiles in the schema of Protomaps' basemap, as
  'pmtiles extract' cuts them from a build of the world. Without arguments: names the present one.
  --attribution  as the map shows it; by default what the archive says
  --check        says what the archive holds and stores nothing
  On a Supabase the archive lies beside the app: the command says where.`

interface Asked {
  path: string | undefined
  attribution: string | undefined
  isCheck: boolean
}

function parse(args: string[]): Asked {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { attribution: { type: 'string' }, check: { type: 'boolean', default: false } },
  })
  if (positionals.length > 1) throw new ServerError(usage)
  return { path: positionals[0], attribution: values.attribution?.trim(), isCheck: values.check }
}

async function run(db: Database, { path, attribution, isCheck }: Asked): Promise<void> {
  const [city] = await db.query<{
    west: number
    south: number
    east: number
    north: number
    url: string | null
    source: string | null
  }>(
    `select west, south, east, north, basemap_url as url, basemap_attribution as source
     from public.city_settings`,
  )
  if (!city) throw new ServerError('There is no city yet: start the server once.')
  if (path === undefined)
    return console.log(
      city.url ? `${city.url}, ${city.source ?? 'without attribution'}` : 'No street map.',
    )
  const dataDir = dataDirFrom(process.env)
  if (path === 'remove') {
    await removeBasemap(db, dataDir)
    return console.log('The city has no street map now; areas are drawn on plain land.')
  }
  const facts = await readBasemap(path, [city.west, city.south, city.east, city.north])
  const source = attribution || facts.attribution
  console.log(
    `${path}: ${facts.box.join(', ')}, to zoom ${facts.maxZoom}, ` +
      `${(facts.covered * 100).toFixed(1)} % of the city, ${source || 'no attribution'}.`,
  )
  if (facts.covered < 0.99) console.log('Outside of it the map shows plain land.')
  if (!source)
    throw new ServerError(
      'The archive names no source. Say it with --attribution, as its licence wants it shown.',
    )
  if (isCheck) return
  if (await isSupabase(db))
    return console.log(
      `Copy it to dist/basemap/city.pmtiles, and build or start with\n` +
        `  WANGGE_CITY_BASEMAP_URL=/basemap/city.pmtiles\n` +
        `  WANGGE_CITY_BASEMAP_ATTRIBUTION='${source}'`,
    )
  const url = await storeBasemap(db, { dataDir, path, attribution: source })
  console.log(`The map shows it from ${url} as soon as it is loaded anew.`)
}

await runCommand(async (args) => {
  if (args.includes('--help')) return console.log(usage)
  let asked: Asked
  try {
    asked = parse(args)
  } catch (error) {
    throw error instanceof ServerError ? error : new ServerError(`${messageOf(error)}\n${usage}`)
  }
  const db = await openDatabase()
  try {
    await run(db, asked)
  } finally {
    await db.close()
  }
})
