import { fileURLToPath } from 'node:url'
import { createServer, type ViteDevServer } from 'vite'

/** Serves the repository's sources to a browser on a free loopback port. */
export async function servePages(): Promise<{ url: string; close(): Promise<void> }> {
  const server: ViteDevServer = await createServer({
    configFile: false,
    root: fileURLToPath(new URL('../../..', import.meta.url)),
    resolve: { alias: { '@': fileURLToPath(new URL('../../../src', import.meta.url)) } },
    cacheDir: 'node_modules/.vite-map-pages',
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
    optimizeDeps: {
      noDiscovery: true,
      include: [
        '@protomaps/basemaps',
        '@supabase/supabase-js',
        '@turf/turf',
        'dexie',
        'idb',
        'maplibre-gl',
        'pmtiles',
        'valibot',
      ],
    },
  })
  await server.listen()
  const [url] = server.resolvedUrls?.local ?? []
  if (!url) throw new Error('the page server has no address')
  return { url, close: () => server.close() }
}
