import {
  cleanupOutdatedCaches,
  createHandlerBoundToURL,
  precacheAndRoute,
  type PrecacheEntry,
} from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: (string | PrecacheEntry)[] }

/**
 * Caches the app's own files, to open without a network. Never handles data, sessions or photos:
 * the server decides who may see them, and the app keeps them by account.
 */
precacheAndRoute(self.__WB_MANIFEST, { cleanURLs: false, directoryIndex: '' })
cleanupOutdatedCaches()

// All pages are one file. Paths with an extension are files of their own.
registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), {
    denylist: [
      /^\/(rest|auth|storage|realtime|functions|graphql|_system)(\/|$)/,
      /\/[^/]*\.[^/]+$/,
    ],
  }),
)

// The first worker serves its page at once. A later one waits until people reload: until then their
// version needs its own files.
const isFirst = !self.registration.active
self.addEventListener('activate', (event) => {
  if (isFirst) event.waitUntil(self.clients.claim())
})
self.addEventListener('message', (event) => {
  if ((event.data as { type?: string } | null)?.type === 'SKIP_WAITING') void self.skipWaiting()
})
