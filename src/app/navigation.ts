import type { Role } from '@/domain/vocabulary.ts'

export type PageName = 'home' | 'map' | 'table' | 'overview' | 'my-day' | 'capture' | 'outbox'

export interface NavItem {
  name: PageName
  icon: string
  /** Only where there is room: a phone's bar holds what a thumb needs. */
  isWideOnly?: boolean
}

const icons: Record<PageName, string> = {
  home: 'lucide:layout-dashboard',
  map: 'lucide:map',
  table: 'lucide:table-2',
  overview: 'lucide:chart-no-axes-combined',
  'my-day': 'lucide:sun',
  capture: 'lucide:camera',
  outbox: 'lucide:inbox',
}

/** Leads, and nothing else that works on single incidents. */
const onlyLeads = (roles: readonly Role[]): boolean =>
  roles.includes('leader') && roles.every((role) => role === 'leader')

/** Works in the streets, and does nothing else here. */
const onlyCollects = (roles: readonly Role[]): boolean =>
  roles.includes('field_staff') && roles.every((role) => role === 'field_staff')

/** Who may report incidents. */
export const canReport = (roles: readonly Role[]): boolean =>
  roles.some((role) => role === 'field_staff' || role === 'grid_manager' || role === 'admin')

/** Who may add to incidents (a handler notes and adds photos), and therefore has an outbox. */
export const canWrite = (roles: readonly Role[]): boolean =>
  canReport(roles) || roles.includes('handler')

/**
 * Where `/` leads: leaders look at the city as a whole, field staff at their day, everybody else has
 * a home to work from.
 */
export const landingFor = (roles: readonly Role[]): PageName => {
  if (onlyCollects(roles)) return 'my-day'
  return onlyLeads(roles) ? 'overview' : 'home'
}

/** The pages of the bar, in order, for what somebody is. */
export function navigationFor(roles: readonly Role[]): NavItem[] {
  return pagesFor(roles).map((name) => ({
    name,
    icon: icons[name],
    isWideOnly: onlyCollects(roles) && name === 'table',
  }))
}

function pagesFor(roles: readonly Role[]): PageName[] {
  if (onlyCollects(roles)) return ['my-day', 'capture', 'map', 'table', 'outbox']
  return onlyLeads(roles) ? ['overview', 'map', 'table'] : ['home', 'map', 'table', 'overview']
}

/**
 * Where to go after signing in: the page that was asked for, but only one of ours; anything that a
 * browser could read as another site leads home.
 */
export function safeNext(next: unknown): string {
  const path = Array.isArray(next) ? next[0] : next
  if (typeof path !== 'string' || !/^\/(?![/\\])/.test(path) || path.includes('\\')) return '/'
  return path.startsWith('/sign-in') ? '/' : path
}
