import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import lucide from '@iconify-json/lucide/icons.json' with { type: 'json' }
import ui from '@nuxt/ui/vite'
import vueI18n from '@intlify/unplugin-vue-i18n/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import type { Rolldown } from 'vite'
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

/** Loaded together with this one, by imports that do not wait. */
function staticImportsOf(
  id: string,
  context: Rolldown.ChunkingContext,
  seen = new Set<string>(),
): Set<string> {
  for (const imported of context.getModuleInfo(id)?.importedIds ?? []) {
    if (seen.has(imported)) continue
    seen.add(imported)
    staticImportsOf(imported, context, seen)
  }
  return seen
}

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url))
/** The page and what it names. */
const isEntry = (id: string): boolean => /[\\/](index\.html|app[\\/]main\.ts)$/.test(id)
const [shell, signIn] = [source('app/AppShell.vue'), source('features/sign-in/SignInPage.vue')]
const mapPage = source('features/map-page/MapPage.vue')
let parts: { inShell: Set<string>; inSignIn: Set<string> } | undefined
let inMapPage: Set<string> | undefined

const isMapEngine = (id: string): boolean =>
  /[\\/]src[\\/]map[\\/]|[\\/](maplibre-gl|pmtiles|@protomaps|@mapbox|@maplibre)[\\/]/.test(id)
const isOfPage = (id: string): boolean => /[\\/]src[\\/]features[\\/]/.test(id)

/** A file for what the shell and the sign-in page both load, and one for what each adds. */
function partOf(id: string, context: Rolldown.ChunkingContext): string | null {
  parts ??= {
    inShell: staticImportsOf(shell, context),
    inSignIn: staticImportsOf(signIn, context),
  }
  const inSignIn = parts.inSignIn.has(id)
  if (parts.inShell.has(id)) return inSignIn ? 'frame' : 'shell'
  return inSignIn ? 'form' : null
}

/**
 * A file for what the map page shares with others, without the map. It was sixty files, and the first
 * calls for data waited behind them.
 */
function sharedPartOf(id: string, context: Rolldown.ChunkingContext): string | null {
  inMapPage ??= staticImportsOf(mapPage, context)
  if (!inMapPage.has(id) || isMapEngine(id) || isOfPage(id)) return null
  return [...staticImportsOf(id, context)].some(isMapEngine) ? null : 'parts'
}

/**
 * What everybody loads first is one file and what the shell adds another, instead of one for each
 * set of pages that share a module: a page took 60 to 120 requests, at most six at once, and takes
 * half of them. A page loads hardly more than it needs.
 */
const fileGroups: Rolldown.CodeSplittingGroup[] = [
  // the entry keeps its name in the manifest
  { name: 'first', test: (id) => !isEntry(id), tags: ['$initial'], priority: 3 },
  { name: partOf, debugName: 'shell', priority: 2 },
  { name: sharedPartOf, debugName: 'parts', priority: 1 },
]

/**
 * Filled buttons under the pointer or pressed. The kit fades them towards the ground, which leaves
 * their text 3.4:1; these colours (`src/app/main.css`) go the other way.
 */
const filledButtons = (
  ['primary', 'secondary', 'success', 'info', 'warning', 'error'] as const
).map((color) => ({
  color,
  variant: 'solid' as const,
  class: `hover:bg-pointed-${color} active:bg-pointed-${color}`,
}))

export default defineConfig({
  plugins: [
    vue(),
    ui({
      dts: false,
      autoImport: false,
      colorMode: false,
      ui: {
        colors: { primary: 'teal', neutral: 'mist' },
        button: { compoundVariants: filledButtons },
      },
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
  build: {
    target: 'es2022',
    sourcemap: false,
    assetsInlineLimit: 0,
    manifest: true,
    rolldownOptions: { output: { codeSplitting: { groups: fileGroups } } },
  },
})
