import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { ServerType } from '@hono/node-server'
import { serveAdminSocket } from '../owner/admin-socket.ts'
import { Backend } from '../backend/backend.ts'
import type { BackendStep } from '../backend/messages.ts'
import { readState, writeState } from '../backend/provision.ts'
import { appConfig, readCity } from '../doors/app-config.ts'
import type { CityPart } from '../doors/app-config.ts'
import { basemapFolder } from '../base/basemap-folder.ts'
import type { Database } from '../base/database-types.ts'
import { FairQueue } from '../wire/fair-queue.ts'
import { allowedHosts, isExposed } from '../wire/addresses.ts'
import type { Peer } from '../wire/addresses.ts'
import { createApi } from '../doors/api.ts'
import type { Api } from '../doors/api.ts'
import { createDoor } from '../doors/door.ts'
import { PublishedDocument } from '../doors/figures.ts'
import { StaticFiles } from '../doors/static-files.ts'
import { ServerError } from '../base/errors.ts'
import { Journal } from '../journal/journal.ts'
import { takeLock } from '../owner/lock.ts'
import { PhotoApi } from '../photos/photo-api.ts'
import { recordUnknownPhotos } from '../photos/photo-checks.ts'
import { PhotoStore, photosFolder } from '../photos/photo-store.ts'
import { replayJournal } from '../keeping/replay.ts'
import { startPackAhead } from '../keeping/pack-ahead.ts'
import { startResumeTimer } from '../keeping/resume-timer.ts'
import { startShardMover } from '../keeping/shard-mover.ts'
import { FileDesk } from '../import/desk/import-desk.ts'
import { KeptReports } from '../report/kept-reports.ts'
import { mailReport } from '../report/mail-report.ts'
import { printReport } from '../report/print-report.ts'
import type { ReportWish } from '../report/print-report.ts'
import { readerOf, readerSession, reportArea } from '../report/reader.ts'
import { startReportTimer } from '../report/report-timer.ts'
import { publishingDesk } from '../publish/publishing-desk.ts'
import { followPublications } from '../publish/follow-publications.ts'
import { loadSecrets } from '../base/secrets.ts'
import type { Secrets } from '../base/secrets.ts'
import type { Settings } from '../base/settings.ts'
import { databaseName, isLoopback } from '../base/settings.ts'
import { startSnapshotTimer } from '../keeping/snapshot-timer.ts'
import { firstSegmentToReplay } from '../journal/snapshot-files.ts'
import { takeSnapshot } from '../keeping/take-snapshot.ts'
import { settleDamage } from '../journal/journal-damage.ts'
import { supabaseConfig } from './supabase-tier.ts'

export type ServerStep =
  | BackendStep
  | 'journal'
  | 'replayed'
  | 'set aside'
  | 'restarting'
  | 'snapshot failed'
  | 'resume failed'
  | 'publications failed'
  | 'packing failed'
  | 'keys failed'
  | 'report made'
  | 'reports missed'
  | 'report failed'

export interface ServerHooks {
  /** Called early; `close` stops everything started so far. */
  onClosable?(close: () => Promise<void>): void
  onStep?(step: ServerStep, detail?: string): void
  /** Called before requests are answered. */
  loadCity?(db: Database): Promise<void>
  /** Called before requests are answered. @returns whether data changed */
  prepareCity?(db: Database): Promise<boolean>
  /** The process should end. */
  onGivenUp?(reason: string): void
}

export interface RunningServer {
  url: string
  /** As this machine itself reaches it. */
  localUrl: string
  port: number
  database(): Database
  /** Checks that acknowledged writes are kept. */
  checkHealth(): Promise<void>
  close(): Promise<void>
}

const maxConnections = 2_000
/** A command may change the cached city. */
const cityMs = 5_000

/** Resolves when requests are answered. Throws `ServerError`. */
export async function startServer(
  settings: Settings,
  hooks: ServerHooks = {},
): Promise<RunningServer> {
  if (settings.supabase) return startWithSupabase(settings)
  const command = settings.dev ? 'npm run dev' : 'npm start'
  const lock = takeLock(settings.dataDir, command, databaseName(settings.databaseUrl))
  const undo: (() => Promise<void> | void)[] = [() => lock.release()]
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  hooks.onClosable?.(close)
  try {
    const running = await startParts(settings, hooks, undo, close)
    lock.tellUrl(running.localUrl)
    return running
  } catch (error) {
    await close()
    throw error
  }
}

async function startParts(
  settings: Settings,
  hooks: ServerHooks,
  undo: (() => Promise<void> | void)[],
  close: () => Promise<void>,
): Promise<RunningServer> {
  const { dataDir } = settings
  const secrets = loadSecrets(dataDir)
  const acceptsDemoAccounts = ({ viaProxy }: Peer) =>
    settings.allowDemoAccounts || !(viaProxy || isExposed(settings))
  let api: Api | null = null
  let city: { part: CityPart | null; at: number } | null = null
  let backend: Backend | null = null

  async function currentCity(): Promise<CityPart | null> {
    if (!api || !backend) return null
    if (!city || Date.now() - city.at > cityMs) {
      const part = await readCity(backend.database()).catch(() => city?.part ?? null)
      city = { part, at: Date.now() }
    }
    return city.part
  }

  const queue = createQueue(settings)
  const published = new PublishedDocument()
  const listening = await listen(settings, {
    api: () => api,
    queue,
    published,
    isReady: () => api !== null && backend?.isReady === true,
    async config(origin, peer) {
      const part = await currentCity()
      if (!part || !backend) return null
      return appConfig(part, {
        supabaseUrl: origin,
        publishableKey: secrets.publishableKey,
        tier: backend.tier,
        acceptsDemoAccounts: acceptsDemoAccounts(peer),
      })
    },
  })
  undo.push(() => stopListening(listening.server))

  const journal = settings.databaseUrl
    ? null
    : await Journal.open(dataDir, firstSegmentToReplay(dataDir))
  if (journal) {
    undo.push(() => journal.close())
    await settleDamage(journal, {
      fromSegment: firstSegmentToReplay(dataDir),
      acceptLoss: settings.acceptLoss,
      wayOn: 'npm start -- --accept-loss',
      say: (text) => hooks.onStep?.('journal', text),
    })
  }
  const store = new PhotoStore(photosFolder(dataDir))
  store.clearIncoming()
  const opened = await Backend.open(
    { dataDir, databaseUrl: settings.databaseUrl, secrets, siteUrl: listening.url },
    {
      onProgress: (step) => hooks.onStep?.(step),
      async onOpened(reopened) {
        // Only for a new database beside old photos: else the journal names those that may be lost.
        if (reopened.fresh) await recordUnknownPhotos(reopened.database(), store, store.names())
        if (!journal) return
        const from = firstSegmentToReplay(dataDir)
        const { repeated, setAside } = await replayJournal(journal, reopened, store, from)
        if (repeated > 0) hooks.onStep?.('replayed', String(repeated))
        if (setAside > 0) hooks.onStep?.('set aside', String(setAside))
      },
      onRestart: (reason) => hooks.onStep?.('restarting', reason),
      ...(hooks.onGivenUp ? { onGivenUp: hooks.onGivenUp } : {}),
    },
  )
  backend = opened
  undo.push(() => opened.close())

  const isNewCity = await loadCityOnce(opened.database(), settings, hooks)
  const isChangedCity = (await hooks.prepareCity?.(opened.database())) ?? false
  const snapshots = journal
    ? startSnapshotTimer({
        everyMs: settings.snapshotMs,
        take: () => takeSnapshot(dataDir, opened, journal),
        onFailed: (error) => hooks.onStep?.('snapshot failed', error.message),
      })
    : null
  if (snapshots) undo.push(() => snapshots.stop())
  const holds = startResumeTimer({
    database: () => opened.database(),
    onResumed: () => snapshots?.noteChange(),
    onFailed: (error) => hooks.onStep?.('resume failed', error.message),
  })
  undo.push(() => holds.stop())
  const publications = followPublications({
    database: () => opened.database(),
    published,
    onFailed: (error) => hooks.onStep?.('publications failed', error.message),
  })
  undo.push(() => publications.stop())
  const ahead = startPackAhead({
    database: () => opened.database(),
    queue,
    packNext: (user, least) => opened.ahead(user, least),
    onFailed: (error) => hooks.onStep?.('packing failed', error.message),
  })
  undo.push(() => ahead.stop())
  const keys = startShardMover({
    database: () => opened.database(),
    onFinished: () => snapshots?.noteUnjournaledChange(),
    onFailed: (error) => hooks.onStep?.('keys failed', error.message),
  })
  undo.push(() => keys.stop())
  const onChange = () => {
    snapshots?.noteChange()
    holds.noteChange()
  }
  const onUnjournaledChange = () => {
    snapshots?.noteUnjournaledChange()
    publications.noteChange()
    holds.noteChange()
    ahead.noteChange()
    keys.noteChange()
  }
  if (isNewCity || isChangedCity) onUnjournaledChange()
  const watched = watchedDatabase(opened.database(), onUnjournaledChange)
  const admin = await serveAdminSocket(dataDir, watched, queue, async () => {
    if (!snapshots) throw new ServerError('One’s own Postgres is backed up with pg_dump.')
    return (await snapshots.take()).path
  })
  undo.push(() => admin.close())
  const database = () => opened.database()
  const quotaBytes = settings.photoQuotaBytes
  const photos = new PhotoApi({ store, database, queue, journal, quotaBytes, onChange })
  const recipients = settings.reports?.mail?.to ?? []
  const reports = new KeptReports(dataDir, database, recipients)
  const imports = new FileDesk({
    ...{ dataDir, databaseUrl: settings.databaseUrl, database },
    onChange: onUnjournaledChange,
  })
  undo.push(() => imports.close())
  api = createApi({
    backend: opened,
    database,
    queue,
    journal,
    secrets,
    photos,
    reports,
    publishing: publishingDesk(database),
    imports,
    acceptsDemoAccounts,
    onChange,
    onUnjournaledChange,
  })
  undo.push(() => {
    api = null
  })
  if (settings.reports) {
    const timer = startReportTimer({
      ...{ settings: settings.reports, database, kept: reports, mail: mailReport },
      city: async () => (await currentCity())?.city ?? null,
      print: (wish, signal) =>
        printKept(wish, { database, secrets, url: listening.localUrl, signal }),
      onMade: (what) => hooks.onStep?.('report made', what),
      onMissed: (what) => hooks.onStep?.('reports missed', what),
      onFailed: (why) => hooks.onStep?.('report failed', why),
    })
    undo.push(() => timer.stop())
  }
  return {
    url: listening.url,
    localUrl: listening.localUrl,
    port: listening.port,
    database: () => watched,
    checkHealth: () => opened.checkCanary(),
    close,
  }
}

/** Prints a report of the running server as somebody who leads the area. */
async function printKept(
  wish: ReportWish,
  {
    database,
    secrets,
    ...how
  }: {
    database(): Database
    secrets: Secrets
    url: string
    signal: AbortSignal
  },
): Promise<Uint8Array> {
  const city = await readCity(database())
  if (!city) throw new ServerError('There is no city yet.')
  const area = await reportArea(database(), wish.area.code)
  const session = await readerSession(await readerOf(database(), area), secrets.jwtSecret)
  return printReport({ ...wish, ...how, instanceId: city.instanceId, session })
}

/**
 * An interrupted load is repeated.
 * @returns whether a city was loaded now.
 */
async function loadCityOnce(
  db: Database,
  { demo, databaseUrl, dataDir }: Settings,
  { loadCity }: ServerHooks,
): Promise<boolean> {
  const city = await readCity(db)
  if (demo === 'none' && city?.isDemo) {
    const where = databaseUrl ? 'The database of DATABASE_URL' : `The data folder ${dataDir}`
    const other = databaseUrl
      ? 'name an empty one in DATABASE_URL'
      : 'choose another: DATA_DIR=FOLDER npm start -- --demo none'
    throw new ServerError(`${where} holds the demo city. For a city of your own ${other}.`)
  }
  if (!loadCity || (city && !city.isDemo)) return false
  if ((await readState(db, 'city_loaded')) !== null) return false
  await loadCity(db)
  await writeState(db, 'city_loaded', new Date().toISOString())
  return true
}

async function startWithSupabase(settings: Settings): Promise<RunningServer> {
  const { supabase } = settings
  if (!supabase) throw new Error('There is no Supabase in these settings.')
  const config = supabaseConfig(process.env, supabase)
  const { server, url, localUrl, port } = await listen(settings, {
    api: () => null,
    queue: createQueue(settings),
    published: new PublishedDocument(),
    isReady: () => true,
    config: async () => config,
  })
  return {
    url,
    localUrl,
    port,
    database() {
      throw new ServerError('The database is a Supabase elsewhere.')
    },
    checkHealth: async () => undefined,
    close: () => stopListening(server),
  }
}

/** PGlite answers one call at a time; a second keeps it busy while the first is journaled. */
function createQueue({ databaseUrl }: Settings): FairQueue {
  const [maxUnderWay, maxPerPerson] = databaseUrl ? [8, 2] : [2, 1]
  return new FairQueue({ maxUnderWay, maxPerPerson, maxWaitingPerPerson: 200, maxWaitMs: 10_000 })
}

type DoorParts = Pick<
  Parameters<typeof createDoor>[0],
  'api' | 'config' | 'isReady' | 'published' | 'queue'
>

async function listen(
  settings: Settings,
  parts: DoorParts,
): Promise<{ server: ServerType; url: string; localUrl: string; port: number }> {
  const { host, tls } = settings
  let door: ReturnType<typeof createDoor> | null = null
  const server = createAdaptorServer({
    // the port and allowed hosts are not known yet
    fetch: (request, env) => door?.fetch(request, env) ?? new Response(null, { status: 503 }),
    overrideGlobalObjects: false,
    ...(tls
      ? { createServer: createHttpsServer, serverOptions: { cert: tls.cert, key: tls.key } }
      : { createServer: createHttpServer }),
  })
  // Node's five minutes are too short for a large photo on a slow link.
  if ('requestTimeout' in server) server.requestTimeout = 3_600_000
  if ('headersTimeout' in server) server.headersTimeout = 15_000
  server.maxConnections = maxConnections
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, settings)))
    server.listen(settings.port, host, () => resolve())
  })
  const { port } = server.address() as AddressInfo
  const dev = settings.dev ? await (await import('./dev-app.ts')).createDevApp(server, port) : null
  door = createDoor({
    ...parts,
    hosts: allowedHosts(settings, port),
    publicUrl: settings.publicUrl,
    trustedProxy: settings.trustedProxy,
    tls: tls !== null,
    dev: settings.dev,
    supabaseUrl: settings.supabase?.url ?? null,
    files: new StaticFiles(settings.distDir),
    basemaps: new StaticFiles(basemapFolder(settings.dataDir)),
    ...(dev ? { devApp: dev } : {}),
  })
  const name = isLoopback(host) || host === '0.0.0.0' || host === '::' ? 'localhost' : host
  const shown = name.includes(':') ? `[${name}]` : name
  const localUrl = `${tls ? 'https' : 'http'}://${shown}:${port}`
  return { server, url: settings.publicUrl ?? localUrl, localUrl, port }
}

function listenError(error: NodeJS.ErrnoException, { host, port }: Settings): ServerError {
  if (error.code === 'EADDRINUSE') {
    return new ServerError(
      `Port ${port} is in use by another program. Stop it, or choose another: PORT=${port + 1} npm start`,
    )
  }
  if (error.code === 'EACCES') {
    return new ServerError(`Port ${port} may not be opened by this user. Choose one above 1023.`)
  }
  if (error.code === 'EADDRNOTAVAIL') {
    return new ServerError(`HOST=${host} is not an address of this machine.`)
  }
  return new ServerError(`Cannot listen on ${host}:${port}: ${error.message}`)
}

async function stopListening(server: ServerType): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // running answers get a moment
  if ('closeIdleConnections' in server) server.closeIdleConnections()
  const patience = setTimeout(() => {
    if ('closeAllConnections' in server) server.closeAllConnections()
  }, 3_000)
  await closed
  clearTimeout(patience)
}

/** A command may have changed data. */
function watchedDatabase(db: Database, onChange: () => void): Database {
  const noting =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    (...args: A) =>
      call(...args).finally(onChange)
  return {
    query: noting(db.query) as Database['query'],
    exec: noting(db.exec),
    transaction: noting(db.transaction) as Database['transaction'],
    close: async () => undefined,
  }
}
