import { monthFromNumber, monthNumber, monthOfDay } from '../../../src/domain/time/calendar.ts'
import type { Database } from '../base/database-types.ts'
import { demoAccounts, demoCities, demoCity, demoPassword } from '../base/demo.ts'
import type { DemoCity } from '../base/demo.ts'
import { ServerError } from '../base/errors.ts'
import { addPerson } from '../owner/people.ts'
import { hashWithoutRule } from '../owner/passwords.ts'
import { clearDemoSteps, hasDemoSteps, takeDemoSteps } from './demo/loop.ts'
import type { PhotoKeeper } from './demo/loop.ts'
import { planSurvey } from './demo/survey.ts'
import { importAreas } from './import-areas.ts'
import { importIncidents } from './import-incidents.ts'
import { storeGeneratedSurvey } from './import-survey.ts'
import { readMapping } from './mapping.ts'
import { movedDay, weeksUntil } from './moved-dates.ts'
import { reportText } from './report.ts'
import type { ImportReport } from './report.ts'
import { giveDefaultCalendar } from './shipped-calendars.ts'

export interface DemoOptions {
  /** Default: the first demo city. */
  city?: DemoCity
  /** Default true; false on a Supabase, which manages its own accounts. */
  accounts?: boolean
  /** The data end in the seven days before this instant, ISO 8601. */
  now?: string
  /** Keeps the photos drawn for the generated steps; on a Supabase none are kept. */
  photos?: PhotoKeeper | undefined
  onProgress?: (text: string) => void
}

export interface DemoDates {
  city: DemoCity
  /** Weeks added to the source's dates. */
  weeks: number
  /** Local day on which the data end. */
  until: string
  /** They end more than a month ago. */
  isOld: boolean
}

/** Rejected incident rows are the source's faults; anything else throws. */
function refuseUnlessWhole(report: ImportReport): void {
  const isComplete =
    report.kind === 'areas'
      ? report.rejected === 0
      : report.brokenOff === null && report.stored + report.updated + report.unchanged > 0
  if (!isComplete) throw new Error(`The demo data could not be loaded.\n${reportText(report)}`)
}

/** Null when this database holds no demo. */
export async function readDemoDates(db: Database): Promise<DemoDates | null> {
  const [row] = await db.query<{ id: string; dates: Omit<DemoDates, 'city'> }>(
    `select demo_id as id, private.demo_dates() as dates
     from public.city_settings where demo_weeks is not null`,
  )
  const city = row && demoCity(row.id)
  return city ? { city, ...row.dates } : null
}

/** @throws ServerError */
export async function refuseOtherCity(db: Database, city: DemoCity): Promise<void> {
  const [other] = await db.query<{ name: string }>(
    'select name from public.city_settings where demo_id is distinct from $1',
    [city.id],
  )
  if (other)
    throw new ServerError(
      `This database holds ${other.name}; the demo of ${city.name} needs an empty one.`,
    )
}

/**
 * Imports a demo city and its accounts. Can be repeated after a failure.
 * @returns the report of the incidents, with the rows that the source got wrong.
 * @throws ServerError when the database holds another city.
 */
export async function loadDemoCity(db: Database, options: DemoOptions = {}): Promise<ImportReport> {
  const { city = demoCities[0], onProgress: say = () => {} } = options
  const weeks = weeksToToday(city, options.now)
  await db.query(
    `insert into public.city_settings (name, locale, time_zone, west, south, east, north,
       basemap_url, basemap_attribution, is_demo, demo_id, demo_weeks, demo_until)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, true, $10, $11, $12::text::date)
     on conflict (singleton) do nothing`,
    [
      ...[city.name, city.locale, city.timeZone, ...city.bbox],
      ...[city.basemap.url, city.basemap.attribution],
      ...[city.id, weeks, movedDay(city.endsAt, weeks)],
    ],
  )
  await refuseOtherCity(db, city)
  await db.transaction(giveDefaultCalendar)
  // A resumed load keeps the weeks it began with.
  const stored = await readDemoDates(db)
  if (!stored) throw new Error('The demo has no dates in city_settings.')

  for (const level of city.levels) {
    const report = await importAreas(db, {
      file: `${city.folder}areas_${level}.geojson`,
      level,
      code: 'code',
      name: 'name',
      ...(level === city.levels[0] ? {} : { parent: 'parent_code' }),
    })
    refuseUnlessWhole(report)
    say(`Areas: ${report.read} of level ${level}`)
  }
  const report = await importDemoIncidents(db, city, stored.weeks, say)
  if (options.accounts ?? true) {
    await addDemoAccounts(db, city)
    say(`Accounts: ${demoAccounts.length}`)
  }
  if (!(await hasDemoSteps(db))) {
    const now = options.now ?? new Date().toISOString()
    const steps = await db.transaction((tx) =>
      takeDemoSteps(tx, city, { now, photos: options.photos }),
    )
    say(`Generated steps on open incidents: ${steps}`)
    await db.transaction((tx) => giveDemoSurvey(tx, city, stored.until))
  }
  return report
}

/**
 * Moves the dates in one transaction, to end in the last seven days. Incidents that people reported
 * or worked on stay. Generated steps are undone and made anew, so that they end now.
 * @returns the number of imported incidents that stayed, beside the dates.
 * @throws ServerError when this database holds no demo.
 */
export async function moveDemoToToday(
  db: Database,
  options: Pick<DemoOptions, 'now' | 'photos' | 'onProgress'> = {},
): Promise<DemoDates & { stayed: number }> {
  const before = await readDemoDates(db)
  if (!before) throw new ServerError('This database holds no demo city whose dates could be moved.')
  const { city } = before
  const { now = new Date().toISOString(), photos } = options
  const weeks = weeksToToday(city, now)
  return db.transaction(async (tx) => {
    await clearDemoSteps(tx)
    let stayed = 0
    if (weeks !== before.weeks) {
      await tx.query(
        'update public.city_settings set demo_weeks = $1, demo_until = $2::text::date',
        [weeks, movedDay(city.endsAt, weeks)],
      )
      const report = await importDemoIncidents(tx, city, weeks, options.onProgress)
      stayed = report.reasons['changed_here'] ?? 0
    }
    await takeDemoSteps(tx, city, { now, photos })
    const dates = await readDemoDates(tx)
    if (!dates) throw new Error('The demo has no dates in city_settings.')
    await giveDemoSurvey(tx, city, dates.until)
    return { ...dates, stayed }
  })
}

/** Of the generated survey; the last is of the month before the data's end. */
const surveyWaves = { count: 4, monthsApart: 6 }

/** Generates the waves of a survey anew, to end with the data. Imported ones stay. */
async function giveDemoSurvey(db: Database, city: DemoCity, until: string): Promise<void> {
  await db.query('delete from public.survey_waves where is_generated')
  const communities = await db.query<{ code: string }>(
    "select a.code from public.areas a where a.level = 'community' order by a.code",
  )
  const [root] = await db.query<{ code: string }>(
    'select a.code from public.areas a where a.parent_code is null order by a.code limit 1',
  )
  if (!root || communities.length === 0) return
  const last = monthNumber(monthOfDay(until)) - 1
  const months = Array.from({ length: surveyWaves.count }, (_, at) =>
    monthFromNumber(last - surveyWaves.monthsApart * (surveyWaves.count - 1 - at)),
  )
  const codes = communities.map(({ code }) => code)
  const options = { seed: city.id, cityCode: root.code }
  await storeGeneratedSurvey(db, planSurvey(codes, months, options))
}

const weeksToToday = (city: DemoCity, now = new Date().toISOString()): number =>
  weeksUntil(city.endsAt, now, city.timeZone)

async function importDemoIncidents(
  db: Database,
  city: DemoCity,
  moveWeeks: number,
  say: (text: string) => void = () => {},
): Promise<ImportReport> {
  const report = await importIncidents(db, {
    file: `${city.folder}incidents.csv.gz`,
    mapping: await readMapping(`${city.folder}incidents.mapping.json`),
    moveWeeks,
    update: true,
    onProgress: ({ read, rejected }) => say(`Incidents: ${read} read, ${rejected} rejected`),
  })
  refuseUnlessWhole(report)
  return report
}

async function addDemoAccounts(db: Database, city: DemoCity): Promise<void> {
  const known = await db.query<{ email: string }>('select email from auth.users')
  const taken = new Set(known.map(({ email }) => email))
  const missing = demoAccounts.filter(({ email }) => !taken.has(email))
  if (missing.length === 0) return
  // One hash for all: the password is public, and hashing is slow.
  const passwordHash = await hashWithoutRule(demoPassword)
  for (const { email, role } of missing) {
    const assignment = city.assignments[role]
    if (!assignment) throw new Error(`The demo says nothing about the role ${role}.`)
    const { displayName, ...membership } = assignment
    await addPerson(db, { email, passwordHash, displayName }, membership)
  }
}
