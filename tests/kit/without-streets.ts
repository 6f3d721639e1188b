import type { BrowserContext } from 'playwright'

/**
 * Leaves the streets out of every map that the context loads from now on, as without a network:
 * land, areas and points are drawn as ever. For flows that look at no street; to draw them anew
 * takes most of a frame.
 */
export const withoutStreets = (context: BrowserContext): Promise<unknown> =>
  context.addInitScript(refuseArchives)

/** Runs in the page. Not by a route: with one the browser caches nothing. */
function refuseArchives(): void {
  const { fetch } = window
  window.fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    if (new URL(url, location.href).pathname.endsWith('.pmtiles'))
      return Promise.reject(new TypeError('Failed to fetch'))
    return fetch(input, init)
  }
}
