import type { RouteRecordNormalized } from 'vue-router'
import { preloadPageMessages } from './i18n.ts'

interface Preloads {
  loadShell?: () => Promise<unknown>
  startStores?: () => Promise<unknown>
  loadWords?: typeof preloadPageMessages
  storage?: () => object
}

/** As `createBackend` names it, in front of the instance. */
const sessionKey = 'wangge-auth-'

/** Its instance is not known before the configuration. */
function hasKeptSession(storage: () => object): boolean {
  try {
    return Object.keys(storage()).some((key) => key.startsWith(sessionKey))
  } catch {
    // Without storage there is no session.
    return false
  }
}

/**
 * Fetches the files of the shell and of the page in the address while the session starts: each of them
 * waited for the one before. The first data is asked for once the session is there, not once the page
 * is drawn. Those who wait for the files report failures.
 */
export function preloadPage(
  records: readonly Pick<RouteRecordNormalized, 'components' | 'meta'>[],
  {
    loadShell = () => import('./AppShell.vue'),
    startStores = async () => (await import('./start-stores.ts')).startStores(),
    loadWords = preloadPageMessages,
    storage = () => localStorage,
  }: Preloads = {},
): void {
  const wanted = records.filter(({ meta }) => !meta.isPublic)
  if (wanted.length === 0 || !hasKeptSession(storage)) return
  const quietly = (file: Promise<unknown>): void => void file.catch(() => {})
  quietly(loadShell())
  quietly(startStores())
  for (const { components, meta } of wanted) {
    // Lazy, as `page-components.ts` lists them.
    const page = components?.default
    if (typeof page === 'function') quietly((page as () => Promise<unknown>)())
    quietly(loadWords(meta))
  }
}
