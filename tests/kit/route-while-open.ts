import type { BrowserContext, Page, Route } from 'playwright'

const isClosed = (error: unknown): boolean =>
  error instanceof Error && /has been (closed|disposed)/.test(error.message)

/** As `target.route`, but a request that is under way when its page is closed is left alone. */
export const routeWhileOpen = (
  target: BrowserContext | Page,
  url: string | RegExp,
  handle: (route: Route) => Promise<unknown>,
  options?: { times: number },
): Promise<unknown> =>
  target.route(
    url,
    async (route) => {
      try {
        await handle(route)
      } catch (error) {
        if (!isClosed(error)) throw error
      }
    },
    options,
  )
