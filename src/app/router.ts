import {
  createRouter,
  createWebHistory,
  type RouteLocationRaw,
  type RouteRecordRaw,
} from 'vue-router'
import { watch } from 'vue'
import type { Pinia } from 'pinia'
import { useSessionStore } from '@/stores/session.store.ts'
import { loadPageMessages } from './i18n.ts'
import { landingFor, safeNext } from './navigation.ts'

declare module 'vue-router' {
  interface RouteMeta {
    /** Locale key of the page's title. */
    title: string
    /** Reachable without being signed in; shown without the app's bars. */
    isPublic?: boolean
    /** Fills the screen and scrolls by itself. */
    fills?: boolean
  }
}

export const routes: RouteRecordRaw[] = [
  {
    path: '/sign-in',
    name: 'sign-in',
    component: () => import('@/features/sign-in/SignInPage.vue'),
    meta: { title: 'sign-in.title', isPublic: true },
  },
  {
    path: '/',
    name: 'home',
    component: () => import('@/features/home/HomePage.vue'),
    meta: { title: 'home.title' },
  },
  {
    path: '/account',
    name: 'account',
    component: () => import('@/features/account/AccountPage.vue'),
    meta: { title: 'account.title' },
  },
  {
    path: '/help',
    name: 'help',
    component: () => import('@/features/help/HelpPage.vue'),
    meta: { title: 'help.title' },
  },
  ...existing([
    ['map', '../features/map-page/MapPage.vue', 'app.nav.map', true],
    ['table', '../features/map-page/TablePage.vue', 'app.nav.table', false],
    ['overview', '../features/overview/OverviewPage.vue', 'app.nav.overview', false],
    ['my-day', '../features/my-day/MyDayPage.vue', 'app.nav.my-day', false],
    ['capture', '../features/capture/CapturePage.vue', 'app.nav.capture', true],
    ['outbox', '../features/outbox/OutboxPage.vue', 'app.nav.outbox', true],
  ]),
  {
    path: '/:rest(.*)*',
    name: 'not-found',
    component: () => import('./NotFoundPage.vue'),
    meta: { title: 'app.notFound.title' },
  },
]

/** Routes of the pages that are there. */
function existing(pages: [name: string, file: string, title: string, fills: boolean][]) {
  const files = import.meta.glob('../features/{map-page,overview,my-day,capture,outbox}/*Page.vue')
  return pages.flatMap<RouteRecordRaw>(([name, file, title, fills]) => {
    const component = files[file]
    return component ? [{ path: `/${name}`, name, component, meta: { title, fills } }] : []
  })
}

/** The router with its guard: nobody gets past the sign-in, nobody signed in stays there. */
export function createAppRouter(pinia: Pinia) {
  const session = useSessionStore(pinia)
  const router = createRouter({ history: createWebHistory(), routes })

  /** Resolves once it is known whether somebody is signed in. */
  const settled = (): Promise<void> =>
    new Promise((resolve) => {
      if (session.status !== 'starting') return resolve()
      const stop = watch(
        () => session.status,
        (status) => {
          if (status === 'starting') return
          stop()
          resolve()
        },
      )
    })

  router.beforeEach(async (to): Promise<RouteLocationRaw | boolean> => {
    await settled()
    const isSignedIn = session.status === 'signed-in'
    if (to.name === 'sign-in') return isSignedIn ? safeNext(to.query.next) : true
    if (!isSignedIn && !to.meta.isPublic)
      return { name: 'sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
    if (to.name === 'home') {
      const landing = landingFor(session.roles)
      if (landing !== 'home' && router.hasRoute(landing)) return { name: landing, replace: true }
    }
    // they come beside the page; what fails here is told below
    loadPageMessages().catch(() => {})
    return true
  })
  router.beforeResolve((to) => (to.name === 'sign-in' ? undefined : loadPageMessages()))

  // Signing in leads to what was asked for; a session that ends while a page is open keeps the way back.
  watch(
    () => session.status,
    (status, before) => {
      const route = router.currentRoute.value
      if (status === 'signed-in' && route.name === 'sign-in')
        return void router.replace(safeNext(route.query.next))
      if (status !== 'signed-out' || before !== 'signed-in' || route.name === 'sign-in') return
      const next =
        session.signedOutReason === 'expired' ? (session.returnTo ?? route.fullPath) : null
      void router.replace({ name: 'sign-in', query: next && next !== '/' ? { next } : {} })
    },
  )
  return router
}
