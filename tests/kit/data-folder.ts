import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'

const cacheFolder = 'node_modules/.cache/wangge'
/** All that shapes a new data folder; tests shape nothing. */
const sources = [
  'supabase',
  'src/domain',
  'tests/faults/fault-city.ts',
  'tests/faults/people.ts',
  'package-lock.json',
]
/** Files of one server alone; a copy gets its own. */
const ownOfEach = ['secrets.json', 'lock', 'admin.sock']
const demoTimeZone = 'America/Los_Angeles'

/** `small`: the city of the server's own tests; `faults`: that one with field workers. */
export type PreparedCity = 'demo' | 'small' | 'faults'

/**
 * Fills `dataDir` with a copy of a city that is made once for this code.
 * @param make fills a new data folder and leaves it closed
 */
export async function copyPreparedCity(
  city: PreparedCity,
  dataDir: string,
  make: (dataDir: string) => Promise<void>,
): Promise<void> {
  const name = `${city}-${keyOf(city)}`
  const prepared = join(cacheFolder, name)
  if (!existsSync(prepared)) await prepare(city, name, make)
  cpSync(prepared, dataDir, { recursive: true, preserveTimestamps: true })
}

async function prepare(
  city: PreparedCity,
  name: string,
  make: (dataDir: string) => Promise<void>,
): Promise<void> {
  const prepared = join(cacheFolder, name)
  mkdirSync(cacheFolder, { recursive: true })
  const unfinished = mkdtempSync(join(cacheFolder, 'unfinished-'))
  try {
    await make(unfinished)
    for (const own of ownOfEach) rmSync(join(unfinished, own), { force: true })
    for (const old of readdirSync(cacheFolder))
      if (old.startsWith(`${city}-`) && old !== name)
        rmSync(join(cacheFolder, old), { recursive: true, force: true })
    renameSync(unfinished, prepared)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    // another process may have been faster
    if (!existsSync(prepared)) throw error
  }
}

function keyOf(city: PreparedCity): string {
  const hash = createHash('sha256')
  for (const path of sources.flatMap(filesOf)) hash.update(path).update(readFileSync(path))
  const code = hash.digest('hex').slice(0, 16)
  if (city !== 'demo') return code
  // the demo's dates end on the day on which it is loaded
  return `${code}-${new Intl.DateTimeFormat('en-CA', { timeZone: demoTimeZone }).format()}`
}

function filesOf(path: string): string[] {
  if (/\.(json|ts)$/.test(path)) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.ts$|\.md$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith('supabase/tests/'))
    .toSorted()
}
