import type { Role } from './vocabulary.ts'

/** Who the bar is for: people who only collect in the streets, people who only lead, everybody else. */
export type Bar = 'street' | 'lead' | 'desk'

/** `landing`: first in the bar, and the page behind `/`. `wide`: not in a phone's bar. */
type InBar = 'landing' | 'shown' | 'wide'

/** One page of the app. Router, bars, menu, door, filter binding and page tests read this list. */
export interface Page<Name extends string = string> {
  name: Name
  /** Without parameters. */
  path: string
  /** Locale key of the title; the key is in the words that come with the shell. */
  title: string
  icon: string
  /** `public`: needs no session and is shown without the app's bars. */
  audience: 'public' | 'signed-in'
  /** Roles that are offered the page; all when left out. What a role may do is the server's decision. */
  roles?: readonly Role[]
  bars?: Partial<Record<Bar, InBar>>
  /** Stands in the menu of the signed-in person. */
  inMenu?: boolean
  /** Keeps the filter in its URL. */
  isFiltered?: boolean
  /** Fills the screen and scrolls by itself. */
  fills?: boolean
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
    name: 'outbox',
    path: '/outbox',
    title: 'app.nav.outbox',
    icon: 'lucide:inbox',
    audience: 'signed-in',
    // A handler adds notes and photos.
    roles: ['field_staff', 'grid_manager', 'admin', 'handler'],
    bars: { street: 'shown' },
    fills: true,
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

/** In the order in which bars and menu show them; a bar's landing page comes first. */
export const pages: readonly Page<PageName>[] = list
