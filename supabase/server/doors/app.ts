import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Context } from 'hono'
import { pages } from '../../../src/domain/pages.ts'
import { problem } from '../wire/problem.ts'
import type { StaticFiles } from './static-files.ts'

export type DevApp = (context: Context<{ Bindings: HttpBindings }>) => Promise<Response>

/** Other page addresses get the app with status 404. */
const appRoutes = pages.map(({ path }) => path.split('/'))
/** `:id` of a route stands for any one part of a path. */
const isAppRoute = (path: string): boolean => {
  const parts = path.split('/')
  return appRoutes.some(
    (route) =>
      route.length === parts.length &&
      route.every((part, n) => (part.startsWith(':') ? parts[n] !== '' : part === parts[n])),
  )
}
/** Never the app's page. */
const neverPages = [
  '_system',
  'rest',
  'auth',
  'storage',
  'imports',
  'realtime',
  'functions',
  'graphql',
]

/** Files, and one page for every page's address. */
export function appDoor(files: StaticFiles, devApp?: DevApp): Hono<{ Bindings: HttpBindings }> {
  const door = new Hono<{ Bindings: HttpBindings }>()
  for (const name of neverPages) door.all(`/${name}/*`, notFound)
  door.all('*', async (context) => {
    const { method, path } = context.req
    if (method !== 'GET' && method !== 'HEAD') {
      return problem(405, 'get_only', 'This path is only read.')
    }
    if (devApp) return devApp(context)
    const { headers } = context.req.raw
    const file = path === '/' ? null : await files.answer(path, headers)
    if (file) return file
    const isPage = isAppRoute(path)
    const wantsPage = (context.req.header('accept') ?? '').includes('text/html')
    if (!isPage && !wantsPage) return notFound()
    const page = await files.answer('/index.html', headers, isPage ? 200 : 404)
    return page ?? problem(503, 'not_built', 'The app is being built.', { 'retry-after': '5' })
  })
  return door
}

function notFound(): Response {
  return problem(404, 'not_found', 'There is nothing at this path.')
}
