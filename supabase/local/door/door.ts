import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Context } from 'hono'
import type { AppConfig } from '../../../src/domain/city/config.ts'
import { pages } from '../../../src/domain/pages.ts'
import { clientAddress, isViaProxy } from './addresses.ts'
import type { Peer } from './addresses.ts'
import type { Api } from './api.ts'
import { securityHeaders } from './headers.ts'
import { problem } from './problem.ts'
import type { StaticFiles } from './static-files.ts'

export interface DoorOptions {
  /** Answers of `Host` we are reached by. */
  hosts: Set<string>
  publicUrl: string | null
  trustedProxy: boolean
  tls: boolean
  dev: boolean
  /** Origin of a Supabase elsewhere, or null. */
  supabaseUrl: string | null
  files: StaticFiles
  /** Null until the database answers. */
  api(): Api | null
  /** Null until the city is loaded; `origin` is how the client reached us. */
  config(origin: string, peer: Peer): Promise<AppConfig | null>
  /** What `/readyz` says. */
  isReady(): boolean
  /** Serves the app instead of `files` while developing. */
  devApp?: (context: Context<{ Bindings: HttpBindings }>) => Promise<Response>
}

type DoorContext = Context<{ Bindings: HttpBindings }>

/** Paths of the app's pages. Other paths get the app's file with status 404. */
const appRoutes = new Set(pages.map(({ path }) => path))
/** Never the app's page, whoever asks. */
const noPages = /^\/(_system|rest|auth|storage|realtime|functions|graphql)(\/|$)/

/** The one way in: refuses what is not for us, then files, the APIs, or the app. */
export function createDoor(options: DoorOptions): Hono<{ Bindings: HttpBindings }> {
  const door = new Hono<{ Bindings: HttpBindings }>()
  const headers = securityHeaders(options)

  door.use(async (context, next) => {
    if (options.dev) {
      // Vite answers past us, straight to the socket
      for (const [name, value] of Object.entries(headers))
        context.env.outgoing.setHeader(name, value)
    }
    const refused = refuse(context, options)
    if (refused) context.res = refused
    else await next()
    for (const [name, value] of Object.entries(headers)) {
      // a photo comes with a stricter policy of its own
      if (!context.res.headers.has(name)) context.res.headers.set(name, value)
    }
  })

  door.get('/healthz', (context) => context.json({ status: 'alive', ready: options.isReady() }))
  door.get('/readyz', (context) => {
    const ready = options.isReady()
    return context.json({ ready }, ready ? 200 : 503)
  })
  door.get('/config.json', async (context) => {
    const config = await options.config(originOf(context, options), peerOf(context, options))
    if (!config) return notReady()
    return context.json(config, 200, { 'cache-control': 'no-store' })
  })
  door.all('/rest/v1/*', (context) => callApi(context, options))
  door.all('/auth/v1/*', (context) => callApi(context, options))
  door.all('/storage/v1/*', (context) => callApi(context, options))
  door.all('*', (context) => serveApp(context, options))
  door.onError((error) => {
    console.error(error)
    return problem(500, 'unexpected', 'The server met an error; it is in its log.')
  })
  return door
}

/** Refuses a Host or an Origin that is not ours, before anything is looked at. */
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

/** Scheme and host as the client sees them. */
function originOf(context: DoorContext, options: DoorOptions): string {
  const host = hostOf(context, options)
  if (options.publicUrl && new URL(options.publicUrl).host === host) return options.publicUrl
  const forwarded = options.trustedProxy ? context.req.header('x-forwarded-proto') : undefined
  const scheme = forwarded ?? (options.tls ? 'https' : 'http')
  return `${scheme === 'https' ? 'https' : 'http'}://${host}`
}

async function callApi(context: DoorContext, options: DoorOptions): Promise<Response> {
  if (options.supabaseUrl) return problem(404, 'not_found', 'The database is elsewhere.')
  const api = options.api()
  if (!api) return notReady()
  return api.answer(context.req.raw, peerOf(context, options))
}

function peerOf(context: DoorContext, { trustedProxy }: DoorOptions): Peer {
  const { incoming } = context.env
  const forwardedFor = context.req.header('x-forwarded-for')
  return {
    address: clientAddress(incoming.socket.remoteAddress, forwardedFor, trustedProxy),
    viaProxy: isViaProxy(context.req.raw.headers, incoming.httpVersion),
  }
}

async function serveApp(context: DoorContext, options: DoorOptions): Promise<Response> {
  const { method, path } = context.req
  if (noPages.test(path)) return problem(404, 'not_found', 'There is nothing at this path.')
  if (method !== 'GET' && method !== 'HEAD') {
    return problem(405, 'get_only', 'This path is only read.')
  }
  if (options.devApp) return options.devApp(context)
  const { headers } = context.req.raw
  const file = path === '/' ? null : await options.files.answer(path, headers)
  if (file) return file
  const wantsPage = (context.req.header('accept') ?? '').includes('text/html')
  if (!appRoutes.has(path) && !wantsPage) {
    return problem(404, 'not_found', 'There is nothing at this path.')
  }
  const page = await options.files.answer('/index.html', headers, appRoutes.has(path) ? 200 : 404)
  return page ?? problem(503, 'not_built', 'The app is being built.', { 'retry-after': '5' })
}

function notReady(): Response {
  return problem(503, 'starting', 'The server is still starting.', { 'retry-after': '1' })
}
