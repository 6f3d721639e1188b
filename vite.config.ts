import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import lucide from '@iconify-json/lucide/icons.json' with { type: 'json' }
import ui from '@nuxt/ui/vite'
import vueI18n from '@intlify/unplugin-vue-i18n/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'
import { staticConfig } from './supabase/server/start/supabase-tier.ts'

const unusedSupabase = fileURLToPath(new URL('./src/data/unused-supabase.ts', import.meta.url))
const locales = fileURLToPath(new URL('./src/locales/**', import.meta.url))

/** The icons of the categories that come with the schema: words of theirs that name a lucide icon. */
function categoryIcons(): string[] {
  const file = new URL('./supabase/schemas/03_reference.sql', import.meta.url)
  // the rows stand before the functions
  const [rows = ''] = readFileSync(file, 'utf8').split('\ncreate ')
  const words = rows.matchAll(/'(?:lucide:)?([a-z][a-z0-9-]*)'/g)
  return [...new Set(Array.from(words, ([, word]) => word ?? ''))]
    .filter((word) => word in lucide.icons)
    .map((word) => `lucide:${word}`)
}

export default defineConfig({
  plugins: [
    vue(),
    ui({
      dts: false,
      autoImport: false,
      colorMode: false,
      ui: { colors: { primary: 'teal', neutral: 'mist' } },
      // Icons are bundled: nothing is fetched from the net.
      icon: {
        clientBundle: {
          scan: { globInclude: ['src/**/*.{vue,ts}'] },
          icons: categoryIcons(),
          sizeLimitKb: 512,
        },
      },
    }),
    // Messages are compiled at build time: the Content-Security-Policy forbids eval.
    vueI18n({
      include: [locales],
      runtimeOnly: true,
      dropMessageCompiler: true,
      strictMessage: false,
    }),
    staticConfig(),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'src/app',
      filename: 'sw.ts',
      // registered by src/app/updates.ts; the manifest is a file of ours
      injectRegister: false,
      manifest: false,
      injectManifest: {
        // The app whole, lazy pages, map and charts too, so that every page opens without a network.
        // The guide's words, not its pictures, and not the basemap, which people take along when they want it.
        globPatterns: [
          'index.html',
          'assets/**/*.{js,mjs,css,svg,woff2}',
          'first-paint.*',
          'favicon.svg',
          'guide/*.md',
        ],
        maximumFileSizeToCacheInBytes: 4 * 1024 * 1024,
      },
    }),
  ],
  resolve: {
    alias: {
      '@supabase/realtime-js': unusedSupabase,
      '@supabase/storage-js': unusedSupabase,
      '@': fileURLToPath(new URL('./src', import.meta.url)),
    },
  },
  worker: { format: 'es' },
  build: { target: 'es2022', sourcemap: false, assetsInlineLimit: 0, manifest: true },
})
