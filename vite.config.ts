import { fileURLToPath } from 'node:url'
import ui from '@nuxt/ui/vite'
import vueI18n from '@intlify/unplugin-vue-i18n/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const locales = fileURLToPath(new URL('./src/locales/**', import.meta.url))

export default defineConfig({
  plugins: [
    vue(),
    ui({
      dts: false,
      autoImport: false,
      colorMode: false,
      ui: { colors: { primary: 'teal', neutral: 'mist' } },
      // Icons are bundled, those the database's categories name included: nothing is fetched from
      // the net.
      icon: {
        clientBundle: {
          scan: { globInclude: ['src/**/*.{vue,ts}', 'supabase/{migrations,seed,local}/**/*.{sql,ts,json}'] },
          sizeLimitKb: 512,
        },
      },
    }),
    // Messages are compiled at build time: the Content-Security-Policy forbids eval.
    vueI18n({ include: [locales], runtimeOnly: true, strictMessage: false }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  worker: { format: 'es' },
  build: { target: 'es2022', sourcemap: false, assetsInlineLimit: 0, manifest: true },
})
