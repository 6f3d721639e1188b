import {
  createRouter,
  createWebHistory,
  type RouteLocationRaw,
  type RouteRecordRaw,
} from 'vue-router'
import { watch } from 'vue'
import type { Pinia } from 'pinia'
import { pages } from '@/domain/pages.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { loadPageMessages } from './i18n.ts'
import { landingFor, safeNext } from './navigation.ts'
import { pageComponents } from './page-components.ts'

declare module 'vue-router' {
  interface RouteMeta {
    /** Locale key. */
    title: string
    isPublic?: boolean
    fills?: boolean
    isWide?: boolean
    isBare?: boolean
    hasOwnWords?: boolean
  }
}

export const routes: RouteRecordRaw[] = [
  ...pages.map(({ name, path, title, audience, fills, isWide, isBare, hasOwnWords }) => ({
    name,
    path,
    component: pageComponents[name],
    meta: { title, isPublic: audience === 'public', fills, isWide, isBare, hasOwnWords },
  })),
  {
    path: '/:rest(.*)*',
    name: 'not-found',
    component: () => import('./NotFoundPage.vue'),
    meta: { title: 'app.notFound.title' },
  },
]

export function createAppRouter(pinia: Pinia) {
  const session = useSessionStore(pinia)
  const router = createRouter({ history: createWebHistory(), routes })

  /** Resolves after the session's start. */
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
      if (landing !== 'home') return { name: landing, replace: true }
    }
    // Starts loading early; `beforeResolve` awaits it and reports a failure.
    loadPageMessages(to.meta).catch(() => {})
    return true
  })
  router.beforeResolve((to) => (to.name === 'sign-in' ? undefined : loadPageMessages(to.meta)))

  // Signing in opens `next`. A session that ends stores the current page there.
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
