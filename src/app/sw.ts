import {
  cleanupOutdatedCaches,
  createHandlerBoundToURL,
  precacheAndRoute,
  type PrecacheEntry,
} from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: (string | PrecacheEntry)[] }

/**
 * Keeps the app's own files on the device, so that it opens without a network. Data, sessions and
 * photos never go through here: who may see them is for the server to say, and what is kept of them
 * on the device is kept by the app, by account.
 */
precacheAndRoute(self.__WB_MANIFEST, { cleanURLs: false, directoryIndex: '' })
cleanupOutdatedCaches()

// Every page of the app is the same file. What has an ending is a file of its own.
registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), {
    denylist: [
      /^\/(rest|auth|storage|realtime|functions|graphql|_system)(\/|$)/,
      /\/[^/]*\.[^/]+$/,
    ],
  }),
)

// The very first one may serve the page that brought it. A later one waits for people's word: the
// files of the version they are working with must stay until they reload.
const isFirst = !self.registration.active
self.addEventListener('activate', (event) => {
  if (isFirst) event.waitUntil(self.clients.claim())
})
self.addEventListener('message', (event) => {
  if ((event.data as { type?: string } | null)?.type === 'SKIP_WAITING') void self.skipWaiting()
})
