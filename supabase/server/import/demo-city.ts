import { fileURLToPath } from 'node:url'
import type { Database } from '../base/database-types.ts'
import { demoAccounts, demoPassword } from '../base/demo.ts'
import { ServerError } from '../base/errors.ts'
import { addPerson } from '../owner/people.ts'
import { hashWithoutRule } from '../owner/passwords.ts'
import type { MembershipChoice } from '../owner/people.ts'
import { importAreas } from './import-areas.ts'
import { importIncidents } from './import-incidents.ts'
import { readMapping } from './mapping.ts'
import { reportText } from './report.ts'
import type { ImportReport } from './report.ts'

const folder = fileURLToPath(new URL('../../seed/demo/', import.meta.url))

/** What each account is in the city. Names are role names, because a demo invents no people. */
const assignments: Record<string, MembershipChoice & { displayName: string }> = {
  admin: { displayName: 'Administrator', role: 'admin', areaCode: 'SF' },
  leader: { displayName: 'Leader', role: 'leader', areaCode: 'SF' },
  grid_manager: { displayName: 'Grid manager', role: 'grid_manager', areaCode: 'SF-N-19' },
  field_staff: { displayName: 'Field worker', role: 'field_staff', areaCode: 'SF-N-19' },
  handler: {
    displayName: 'Public works',
    role: 'handler',
    areaCode: 'SF',
    departmentCode: 'public_works',
  },
}

const city = {
  name: 'San Francisco',
  locale: 'en',
  timeZone: 'America/Los_Angeles',
  // the basemap's box, a little further north to hold the city's whole polygon
  bbox: [-122.52, 37.7, -122.35, 37.834],
  basemapUrl: '/basemap/sf.pmtiles',
  attribution: '© OpenStreetMap contributors · Protomaps',
} as const

const levels = ['city', 'community', 'grid'] as const

export interface DemoOptions {
  /** Make the five accounts; false on a Supabase, where accounts are its own matter. Default true. */
  accounts?: boolean
  onProgress?: (text: string) => void
}

/** The source's own faults are rejected and reported; anything else wrong is a fault of ours. */
function refuseUnlessWhole(report: ImportReport): void {
  const isComplete =
    report.kind === 'areas'
      ? report.rejected === 0
      : report.brokenOff === null && report.stored + report.unchanged > 0
  if (!isComplete) throw new Error(`The demo data could not be loaded.\n${reportText(report)}`)
}

/**
 * Loads the demo city through the importer: settings, areas of three levels, incidents, accounts.
 * May be called again after it broke off in the middle: what is there already is kept.
 * @returns the report of the incidents, which names the rows the source got wrong.
 * @throws ServerError when another city lives in this database.
 */
export async function loadDemoCity(db: Database, options: DemoOptions = {}): Promise<ImportReport> {
  const say = options.onProgress ?? (() => {})
  await db.query(
    `insert into public.city_settings (name, locale, time_zone, west, south, east, north,
       basemap_url, basemap_attribution, is_demo)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, true) on conflict (singleton) do nothing`,
    [city.name, city.locale, city.timeZone, ...city.bbox, city.basemapUrl, city.attribution],
  )
  const [settings] = await db.query<{ name: string; is_demo: boolean }>(
    'select name, is_demo from public.city_settings',
  )
  if (!settings?.is_demo) {
    throw new ServerError(
      `This database holds ${settings?.name ?? 'another city'}; the demo needs an empty one.`,
    )
  }

  for (const level of levels) {
    const report = await importAreas(db, {
      file: `${folder}areas_${level}.geojson`,
      level,
      code: 'code',
      name: 'name',
      ...(level === 'city' ? {} : { parent: 'parent_code' }),
    })
    refuseUnlessWhole(report)
    say(`Areas: ${report.read} of level ${level}`)
  }
  const report = await importIncidents(db, {
    file: `${folder}incidents.csv.gz`,
    mapping: await readMapping(`${folder}incidents.mapping.json`),
    onProgress: ({ read, stored, rejected }) =>
      say(`Incidents: ${read} read, ${stored} stored, ${rejected} rejected`),
  })
  refuseUnlessWhole(report)
  if (options.accounts ?? true) {
    await addDemoAccounts(db)
    say(`Accounts: ${demoAccounts.length}`)
  }
  return report
}

async function addDemoAccounts(db: Database): Promise<void> {
  const known = await db.query<{ email: string }>('select email from auth.users')
  const taken = new Set(known.map(({ email }) => email))
  const missing = demoAccounts.filter(({ email }) => !taken.has(email))
  if (missing.length === 0) return
  // the password is public, so one hash for all loses nothing and saves time
  const passwordHash = await hashWithoutRule(demoPassword)
  for (const { email, role } of missing) {
    const assignment = assignments[role]
    if (!assignment) throw new Error(`The demo says nothing about the role ${role}.`)
    const { displayName, ...membership } = assignment
    await addPerson(db, { email, passwordHash, displayName }, membership)
  }
}
