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
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const cacheFolder = 'node_modules/.cache/wangge'
/** All that shapes a new data folder; tests shape nothing. */
const sources = ['supabase', 'src/domain', 'package-lock.json']
/** What two servers must not share. */
const ownOfEach = ['secrets.json', 'lock', 'admin.sock']
const demoTimeZone = 'America/Los_Angeles'

/**
 * A new data folder with the demo city, copied from one that is made once for this code and this day
 * of the city.
 * @param make starts a server on a new folder and stops it when the city is loaded
 */
export async function copyDemoFolder(make: (dataDir: string) => Promise<void>): Promise<string> {
  const prepared = join(cacheFolder, `demo-${demoKey()}`)
  if (!existsSync(prepared)) await prepare(prepared, make)
  const copy = mkdtempSync(join(tmpdir(), 'wangge-test-'))
  cpSync(prepared, copy, { recursive: true, preserveTimestamps: true })
  return copy
}

async function prepare(prepared: string, make: (dataDir: string) => Promise<void>): Promise<void> {
  mkdirSync(cacheFolder, { recursive: true })
  const unfinished = mkdtempSync(join(cacheFolder, 'unfinished-'))
  try {
    await make(unfinished)
    for (const name of ownOfEach) rmSync(join(unfinished, name), { force: true })
    for (const name of readdirSync(cacheFolder))
      if (name.startsWith('demo-')) rmSync(join(cacheFolder, name), { recursive: true })
    renameSync(unfinished, prepared)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    // another process may have been faster
    if (!existsSync(prepared)) throw error
  }
}

/** The demo's dates end on the day on which it is loaded. */
function demoKey(): string {
  const hash = createHash('sha256')
  for (const path of sources.flatMap(filesOf)) hash.update(path).update(readFileSync(path))
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: demoTimeZone }).format()
  return `${hash.digest('hex').slice(0, 16)}-${day}`
}

function filesOf(path: string): string[] {
  if (path.endsWith('.json')) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.ts$|\.md$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith('supabase/tests/'))
    .toSorted()
}
