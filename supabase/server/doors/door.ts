import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Context } from 'hono'
import type { AppConfig } from '../../../src/domain/city/config.ts'
import { clientAddress, isNear, isViaProxy } from '../wire/addresses.ts'
import type { Peer } from '../wire/addresses.ts'
import type { FairQueue } from '../wire/fair-queue.ts'
import { securityHeaders } from '../wire/headers.ts'
import { problem, tooMany } from '../wire/problem.ts'
import { RateLimit } from '../wire/rate-limit.ts'
import type { Api } from './api.ts'
import { appDoor } from './app.ts'
import type { DevApp } from './app.ts'
import type { PublishedDocument } from './figures.ts'
import type { StaticFiles } from './static-files.ts'

export interface DoorOptions {
  /** Allowed values of `Host`. */
  hosts: Set<string>
  publicUrl: string | null
  trustedProxy: boolean
  tls: boolean
  dev: boolean
  /** Origin of a Supabase elsewhere, or null. */
  supabaseUrl: string | null
  files: StaticFiles
  /** The city's own. */
  basemaps: StaticFiles
  /** Null until the database answers. */
  api(): Api | null
  /** Null until a city is loaded; `origin` is the client's. */
  config(origin: string, peer: Peer): Promise<AppConfig | null>
  isReady(): boolean
  /** Shares the database between persons; `/readyz` tells its waits. */
  queue: FairQueue
  published: PublishedDocument
  devApp?: DevApp
}

type DoorContext = Context<{ Bindings: HttpBindings }>

const apiPaths = ['rest', 'auth', 'storage', 'reports', 'publications', 'city', 'imports'].map(
  (name) => `/${name}/v1/*`,
)
/** With a longer wait `/readyz` says no. */
const maxWaitMs = 15_000
/** Longest pause of a reader before its connection ends. */
const answerStalledMs = 30_000
const photoStalledMs = 120_000

export function createDoor(options: DoorOptions): Hono<{ Bindings: HttpBindings }> {
  const door = new Hono<{ Bindings: HttpBindings }>()
  const headers = securityHeaders(options)
  const sayProxied = once(() => console.warn(proxyWarning))

  door.use(async (context, next) => {
    if (options.dev) {
      // Vite writes straight to the socket.
      for (const [name, value] of Object.entries(headers))
        context.env.outgoing.setHeader(name, value)
    }
    if (
      !options.trustedProxy &&
      isViaProxy(context.req.raw.headers, context.env.incoming.httpVersion)
    )
      sayProxied()
    const refused = refuse(context, options)
    if (refused) context.res = refused
    else await next()
    for (const [name, value] of Object.entries(headers)) {
      // A photo has a stricter policy.
      if (!context.res.headers.has(name)) context.res.headers.set(name, value)
    }
  })

  door.get('/healthz', (context) => context.json({ status: 'alive', ready: options.isReady() }))
  door.get('/readyz', (context) => {
    const { underWay, waiting, longestWaitMs } = options.queue.state
    const isBusy = longestWaitMs > maxWaitMs
    const ready = options.isReady() && !isBusy
    const seconds = Math.round(longestWaitMs / 100) / 10
    const state = { ready, isBusy, underWay, waiting, longestWaitSeconds: seconds }
    return context.json(state, ready ? 200 : 503)
  })
  door.get('/config.json', async (context) => {
    const config = await options.config(originOf(context, options), peerOf(context, options))
    if (!config) return notReady()
    return context.json(config, 200, { 'cache-control': 'no-store' })
  })
  door.get('/figures.json', limitAddress(new RateLimit(30, 0.5), options), (context) =>
    options.published.answer(context.req.raw.headers),
  )
  door.on('ALL', apiPaths, (context) => {
    if (options.supabaseUrl) return problem(404, 'not_found', 'The database is elsewhere.')
    const api = options.api()
    const { outgoing } = context.env
    const onClosed = (listener: () => void): void => {
      // The client hung up before this.
      if (outgoing.closed || outgoing.destroyed) listener()
      else outgoing.once('close', listener)
    }
    const isPhoto = context.req.path.startsWith('/storage/')
    // A slow answer is no slow reader.
    const patience = isPhoto ? photoStalledMs : answerStalledMs
    const answer = api?.fetch(context.req.raw, { peer: peerOf(context, options), onClosed })
    return Promise.resolve(answer ?? notReady()).finally(() =>
      outgoing.setTimeout(patience, () => outgoing.destroy()),
    )
  })
  // The city's own basemap, before one that comes with the app.
  door.get('/basemap/:file', async ({ req }, next) => {
    const own = await options.basemaps.answer(req.path.slice('/basemap'.length), req.raw.headers)
    return own ?? next()
  })
  door.route('/', appDoor(options.files, options.devApp))
  door.onError((error, { req }) => {
    if (req.raw.signal.aborted) console.warn(`${req.method} ${req.path}: the client hung up.`)
    else console.error(error)
    return problem(500, 'unexpected', 'The server met an error; it is in its log.')
  })
  return door
}

const proxyWarning =
  'A proxy passes requests on, but TRUSTED_PROXY is not set: all its clients count as one address, ' +
  'and the demo accounts are refused. Set TRUSTED_PROXY=1 if the proxy is yours.'

function refuse(context: DoorContext, options: DoorOptions): Response | null {
  const host = hostOf(context, options)
  if (!options.hosts.has(host)) {
    return problem(
      421,
      'wrong_host',
      'This server does not answer to that name. Set PUBLIC_URL to the address people use.',
    )
  }
  const origin = context.req.header('origin')
  if (origin !== undefined && origin !== originOf(context, options)) {
    return problem(403, 'wrong_origin', 'Requests from other sites are refused.')
  }
  const site = context.req.header('sec-fetch-site')
  const isNavigation = context.req.header('sec-fetch-mode') === 'navigate'
  if (site !== undefined && !['same-origin', 'none'].includes(site) && !isNavigation) {
    return problem(403, 'wrong_origin', 'Requests from other sites are refused.')
  }
  return null
}

function hostOf(context: DoorContext, options: DoorOptions): string {
  const forwarded = options.trustedProxy ? context.req.header('x-forwarded-host') : undefined
  return (forwarded ?? context.req.header('host') ?? '').toLowerCase()
}

/** As the client sees them. */
function originOf(context: DoorContext, options: DoorOptions): string {
  const host = hostOf(context, options)
  if (options.publicUrl && new URL(options.publicUrl).host === host) return options.publicUrl
  const forwarded = options.trustedProxy ? context.req.header('x-forwarded-proto') : undefined
  const scheme = forwarded ?? (options.tls ? 'https' : 'http')
  return `${scheme === 'https' ? 'https' : 'http'}://${host}`
}

function peerOf(context: DoorContext, { trustedProxy }: DoorOptions): Peer {
  const { incoming } = context.env
  const forwardedFor = context.req.header('x-forwarded-for')
  const { remoteAddress } = incoming.socket
  const viaProxy = isViaProxy(context.req.raw.headers, incoming.httpVersion)
  return {
    address: clientAddress(remoteAddress, forwardedFor, trustedProxy),
    viaProxy,
    sharesAddress: viaProxy && !trustedProxy && isNear(remoteAddress),
  }
}

/** Few requests a minute for each address. */
const limitAddress =
  (limit: RateLimit, options: DoorOptions) =>
  async (context: DoorContext, next: () => Promise<void>): Promise<Response | void> => {
    const waitSeconds = limit.take(peerOf(context, options).address)
    return waitSeconds > 0 ? tooMany(waitSeconds) : await next()
  }

function once(act: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) act()
    isDone = true
  }
}

function notReady(): Response {
  return problem(503, 'starting', 'The server is still starting.', { 'retry-after': '1' })
}
