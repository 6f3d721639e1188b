import './main.css'
import { createPinia } from 'pinia'
import { PiniaColada } from '@pinia/colada'
import { createApp } from 'vue'
import icons from '@nuxt/ui/runtime/vue/plugins/icons.js'
import { bindFilterToRouter } from '@/stores/view/bind-filter-to-router.ts'
import { useDeviceCareStore } from '@/stores/device/device-care.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import App from './App.vue'
import { fail } from './fault.ts'
import { keepIconsLocal } from './icons.ts'
import { i18n, preferredLocale, setLocale } from './i18n.ts'
import { preloadPage } from './preload-page.ts'
import { createAppRouter } from './router.ts'
import { startTheme } from './theme.ts'

startTheme()
keepIconsLocal()
const pinia = createPinia()
// Uses only the kit's icon plugin: palette.css sets the colours, the app sets the head.
const app = createApp(App).use(pinia).use(PiniaColada).use(i18n).use(icons)
app.config.errorHandler = fail

// Must listen early: the browser offers the installation only once.
useDeviceCareStore(pinia)
const session = useSessionStore(pinia)
const router = createAppRouter(pinia)
router.onError(fail)
bindFilterToRouter(router)

// Words, session and files of the page come at the same time.
void session.start()
preloadPage(router.resolve(location.pathname + location.search).matched)
await setLocale(preferredLocale(), false)
app.use(router).mount('#app')

// Waits until the page has loaded its files.
if (import.meta.env.PROD)
  whenQuiet(() => {
    // If this import fails, the service worker is registered on the next visit.
    import('./updates.ts').then((updates) => updates.watchForUpdates()).catch(() => {})
  })

function whenQuiet(work: () => void): void {
  const start = () => setTimeout(work, 2_000)
  if (document.readyState === 'complete') start()
  else window.addEventListener('load', start, { once: true })
}
