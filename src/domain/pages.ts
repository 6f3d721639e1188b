import type { Role } from './vocabulary.ts'

/** `street`: only collects; `lead`: only leads; `desk`: everybody else. */
export type Bar = 'street' | 'lead' | 'desk'

/** `landing`: first in the bar, opened by `/`. `wide`: not in a phone's bar. */
type InBar = 'landing' | 'shown' | 'wide'

/** Router, bars, menu, door, filter binding and page tests read this. */
export interface Page<Name extends string = string> {
  name: Name
  path: string
  /** Locale key in the shell's words. */
  title: string
  icon: string
  /** `public` needs no session. */
  audience: 'public' | 'signed-in'
  /** Missing means all roles. The server decides what a role may do. */
  roles?: readonly Role[]
  bars?: Partial<Record<Bar, InBar>>
  inMenu?: boolean
  /** Keeps the filter in its URL. */
  isFiltered?: boolean
  /** Fills the screen and scrolls by itself. */
  fills?: boolean
  /** Of a public page: as wide as the window. */
  isWide?: boolean
  /** Fills the window without bars, in the dark. */
  isBare?: boolean
  /** Its words load with it, and not with the first page. */
  hasOwnWords?: boolean
}

const list = [
  {
    name: 'sign-in',
    path: '/sign-in',
    title: 'sign-in.title',
    icon: 'lucide:log-in',
    audience: 'public',
  },
  {
    name: 'public',
    path: '/public',
    title: 'app.nav.public',
    hasOwnWords: true,
    icon: 'lucide:file-chart-column',
    audience: 'public',
    isWide: true,
  },
  {
    name: 'home',
    path: '/',
    title: 'app.nav.home',
    icon: 'lucide:layout-dashboard',
    audience: 'signed-in',
    bars: { desk: 'landing' },
  },
  {
    name: 'my-day',
    path: '/my-day',
    title: 'app.nav.my-day',
    icon: 'lucide:sun',
    audience: 'signed-in',
    bars: { street: 'landing' },
  },
  {
    name: 'work',
    path: '/work',
    title: 'app.nav.work',
    icon: 'lucide:list-checks',
    audience: 'signed-in',
    bars: { street: 'shown', lead: 'shown', desk: 'shown' },
    fills: true,
  },
  {
    name: 'dispatch-rules',
    path: '/work/rules',
    title: 'app.nav.dispatch-rules',
    hasOwnWords: true,
    icon: 'lucide:split',
    audience: 'signed-in',
    roles: ['grid_manager', 'leader', 'admin'],
    inMenu: true,
  },
  {
    name: 'standard',
    path: '/standard',
    title: 'app.nav.standard',
    hasOwnWords: true,
    icon: 'lucide:list-checks',
    audience: 'signed-in',
    inMenu: true,
  },
  {
    name: 'categories',
    path: '/categories',
    title: 'app.nav.categories',
    hasOwnWords: true,
    icon: 'lucide:tags',
    audience: 'signed-in',
    inMenu: true,
  },
  {
    name: 'callbacks',
    path: '/callbacks',
    title: 'app.nav.callbacks',
    icon: 'lucide:phone-call',
    audience: 'signed-in',
    // The handling department never asks about its own work.
    roles: ['field_staff', 'grid_manager', 'leader', 'admin'],
    inMenu: true,
  },
  {
    name: 'capture',
    path: '/capture',
    title: 'app.nav.capture',
    icon: 'lucide:camera',
    audience: 'signed-in',
    roles: ['field_staff', 'grid_manager', 'admin'],
    bars: { street: 'shown' },
    fills: true,
  },
  {
    name: 'map',
    path: '/map',
    title: 'app.nav.map',
    icon: 'lucide:map',
    audience: 'signed-in',
    bars: { street: 'shown', lead: 'shown', desk: 'shown' },
    isFiltered: true,
    fills: true,
  },
  {
    name: 'table',
    path: '/table',
    title: 'app.nav.table',
    icon: 'lucide:table-2',
    audience: 'signed-in',
    bars: { street: 'wide', lead: 'shown', desk: 'shown' },
    isFiltered: true,
  },
  {
    name: 'overview',
    path: '/overview',
    title: 'app.nav.overview',
    icon: 'lucide:chart-no-axes-combined',
    audience: 'signed-in',
    bars: { lead: 'landing', desk: 'shown' },
    isFiltered: true,
  },
  {
    name: 'satisfaction',
    path: '/satisfaction',
    title: 'app.nav.satisfaction',
    hasOwnWords: true,
    icon: 'lucide:smile',
    audience: 'signed-in',
    roles: ['grid_manager', 'leader', 'admin'],
    bars: { lead: 'shown', desk: 'wide' },
    isFiltered: true,
  },
  {
    name: 'report',
    path: '/report',
    title: 'app.nav.report',
    hasOwnWords: true,
    icon: 'lucide:file-text',
    audience: 'signed-in',
    roles: ['grid_manager', 'leader', 'admin'],
    inMenu: true,
  },
  {
    name: 'evaluations',
    path: '/evaluations',
    title: 'app.nav.evaluations',
    hasOwnWords: true,
    icon: 'lucide:trophy',
    audience: 'signed-in',
    inMenu: true,
    isFiltered: true,
  },
  {
    name: 'surveys',
    path: '/surveys',
    title: 'app.nav.surveys',
    hasOwnWords: true,
    icon: 'lucide:clipboard-list',
    audience: 'signed-in',
    roles: ['grid_manager', 'leader', 'admin'],
    inMenu: true,
    isFiltered: true,
  },
  {
    name: 'import',
    path: '/import',
    title: 'app.nav.import',
    hasOwnWords: true,
    icon: 'lucide:file-up',
    audience: 'signed-in',
    roles: ['admin'],
    inMenu: true,
  },
  {
    name: 'city',
    path: '/city',
    title: 'app.nav.city',
    hasOwnWords: true,
    icon: 'lucide:building-2',
    audience: 'signed-in',
    roles: ['admin'],
    inMenu: true,
  },
  {
    name: 'wall',
    path: '/wall',
    title: 'app.nav.wall',
    hasOwnWords: true,
    icon: 'lucide:monitor-play',
    audience: 'signed-in',
    roles: ['grid_manager', 'leader', 'admin'],
    isBare: true,
  },
  {
    name: 'arrange',
    path: '/wall/plan',
    title: 'app.nav.arrange',
    hasOwnWords: true,
    icon: 'lucide:monitor-play',
    audience: 'signed-in',
    roles: ['grid_manager', 'leader', 'admin'],
    inMenu: true,
  },
  {
    name: 'incident',
    path: '/incidents/:id',
    title: 'app.incident',
    icon: 'lucide:file-text',
    audience: 'signed-in',
  },
  {
    name: 'outbox',
    path: '/outbox',
    title: 'app.nav.outbox',
    icon: 'lucide:inbox',
    audience: 'signed-in',
    // Handlers add notes and photos.
    roles: ['field_staff', 'grid_manager', 'admin', 'handler'],
    bars: { street: 'shown' },
    fills: true,
  },
  {
    name: 'publish',
    path: '/publish',
    title: 'app.nav.publish',
    hasOwnWords: true,
    icon: 'lucide:megaphone',
    audience: 'signed-in',
    roles: ['admin'],
    inMenu: true,
  },
  {
    name: 'account',
    path: '/account',
    title: 'app.account',
    icon: 'lucide:user-round',
    audience: 'signed-in',
    inMenu: true,
  },
  {
    name: 'help',
    path: '/help',
    title: 'help.title',
    icon: 'lucide:circle-question-mark',
    audience: 'signed-in',
    inMenu: true,
  },
] as const satisfies readonly Page[]

export type PageName = (typeof list)[number]['name']

/** Bars and menu show this order. */
export const pages: readonly Page<PageName>[] = list
