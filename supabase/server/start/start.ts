import { buildApp } from './build-app.ts'
import type { Database } from '../base/database-types.ts'
import { demoAccounts, demoPassword } from '../base/demo.ts'
import type { DemoCity } from '../base/demo.ts'
import { isExposed } from '../wire/addresses.ts'
import { ServerError } from '../base/errors.ts'
import { PhotoStore, photosFolder } from '../photos/photo-store.ts'
import { readCity } from '../doors/app-config.ts'
import { startServer } from './server.ts'
import type { RunningServer, ServerStep } from './server.ts'
import { settingsFrom } from '../base/settings.ts'
import type { Settings } from '../base/settings.ts'

const steps: Record<ServerStep, string> = {
  opening: 'Opening the database',
  creating: 'Creating the database (the first time takes some seconds)',
  unpacking: 'Creating the database from the prepared one',
  connecting: 'Connecting to Postgres',
  indexing: 'Making an index that an import had not finished',
  migrating: 'Bringing the schema up to date',
  journal: 'The journal',
  replayed: 'Repeating what the database had not kept, calls',
  'set aside':
    'What could not be repeated is kept in journal/set-aside.ndjson of the data folder, calls',
  restarting: 'The database failed and is opened again',
  'snapshot failed': 'The snapshot failed and will be tried again',
  'resume failed': 'What was on hold could not be resumed; it will be tried again',
  'report made': 'The monthly report is in the folder reports',
  'reports missed': 'Monthly reports were due while no server ran and are made now, newest first',
  'report failed': 'The monthly report is not made or not sent; it will be tried again',
  'publications failed': 'The public figures could not be read; it will be tried again',
  'keys failed': 'Keys could not follow the shard level; they will be tried again',
  'packing failed': 'Months could not be packed ahead; they are when somebody asks',
}

export async function start(
  env: Record<string, string | undefined>,
  args: readonly string[],
): Promise<void> {
  let close = async () => {}
  let stopping = false
  const stop = async () => {
    if (stopping) return
    stopping = true
    say('Stopping')
    await close()
    process.exit(0)
  }
  process.on('SIGINT', () => void stop())
  process.on('SIGTERM', () => void stop())
  try {
    const settings = settingsFrom(env, args)
    const built = settings.dev
      ? Promise.resolve()
      : buildApp(settings.distDir, () => say('Building the app'))
    // Awaited below; until then it must not be an unhandled rejection.
    built.catch(() => undefined)
    const server = await startServer(settings, {
      onClosable: (closeWhatStarted) => (close = closeWhatStarted),
      onStep: (step, detail) => say(detail ? `${steps[step]}: ${detail}` : steps[step]),
      loadCity: (db) => loadCity(db, settings),
      prepareCity: (db) => prepareCity(db, settings),
      onGivenUp(reason) {
        console.error(`The database cannot be kept running (${reason}).`)
        process.exit(1)
      },
    })
    close = () => server.close()
    await built
    await announce(server, settings)
  } catch (error) {
    // stopping halfway makes the start fail
    if (stopping) return
    console.error(error instanceof ServerError ? error.message : error)
    await close()
    process.exit(1)
  }
}

async function loadCity(db: Database, settings: Settings): Promise<void> {
  if (settings.demo === 'none') {
    const { setUpEmptyCity } = await import('../import/set-up-city.ts')
    return setUpEmptyCity(db)
  }
  const { loadDemoCity } = await import('../import/demo-city.ts')
  const photos = photosOf(settings)
  await loadDemoCity(db, { ...chosenDemo(settings), photos, onProgress: say })
}

const photosOf = ({ dataDir }: Settings): PhotoStore => new PhotoStore(photosFolder(dataDir))

const chosenDemo = ({ demo }: Settings): { city?: DemoCity } =>
  typeof demo === 'object' ? { city: demo } : {}

/** @returns whether the data changed */
async function prepareCity(db: Database, settings: Settings): Promise<boolean> {
  const { moveDemoToToday, refuseOtherCity } = await import('../import/demo-city.ts')
  const { giveDefaultCalendar } = await import('../import/shipped-calendars.ts')
  if (typeof settings.demo === 'object') await refuseOtherCity(db, settings.demo)
  // a city of an earlier version has none
  const calendar = await db.transaction(giveDefaultCalendar)
  if (calendar) say(`The city's working calendar is now "${calendar}"`)
  if (!settings.demoToday) return calendar !== null
  const { weeks, until, stayed } = await moveDemoToToday(db, {
    photos: photosOf(settings),
    onProgress: say,
  })
  say(`The demo's dates are moved by ${weeks} weeks and end on ${until}`)
  if (stayed > 0) say(`Incidents that stayed because people have worked on them: ${stayed}`)
  return true
}

async function announce(server: RunningServer, settings: Settings): Promise<void> {
  say(`Ready in ${(performance.now() / 1000).toFixed(1)} s`)
  console.log(`\nWangge is at ${server.url}`)
  if (settings.supabase) return
  await announceCalendars(server.database())
  const city = await readCity(server.database())
  if (!city?.isDemo) return
  await announceDates(server.database())
  if (isExposed(settings) && !settings.allowDemoAccounts) {
    console.log(
      'The demo accounts are refused: others can reach this address. ALLOW_DEMO_ACCOUNTS=1 lets them in.',
    )
    return
  }
  console.log(`\nDemo accounts, all with the password ${demoPassword}:`)
  for (const { email, role } of demoAccounts) console.log(`  ${email.padEnd(22)} ${role}`)
}

async function announceCalendars(db: Database): Promise<void> {
  const { calendarGaps } = await import('../import/calendar-gaps.ts')
  for (const gap of await calendarGaps(db, new Date().toISOString())) {
    console.log(`Attention: ${gap} (npm run import -- calendar FILE.json)`)
  }
}

async function announceDates(db: Database): Promise<void> {
  const { readDemoDates } = await import('../import/demo-city.ts')
  const dates = await readDemoDates(db)
  if (!dates) return
  console.log(`The demo's dates are moved by ${dates.weeks} weeks and end on ${dates.until}.`)
  if (dates.isOld) console.log('To move them to today: npm start -- --demo-today')
}

function say(text: string): void {
  console.log(`· ${text}`)
}
