import type { Role } from '@/domain/vocabulary.ts'

export type PageName = 'home' | 'map' | 'table' | 'overview'

export interface NavItem {
  name: PageName
  icon: string
}

const icons: Record<PageName, string> = {
  home: 'lucide:layout-dashboard',
  map: 'lucide:map',
  table: 'lucide:table-2',
  overview: 'lucide:chart-no-axes-combined',
}

/** Leads, and nothing else that works on single incidents. */
const onlyLeads = (roles: readonly Role[]): boolean =>
  roles.includes('leader') && roles.every((role) => role === 'leader')

/** Where `/` leads: leaders look at the city as a whole, everybody else has a home to work from. */
export const landingFor = (roles: readonly Role[]): PageName =>
  onlyLeads(roles) ? 'overview' : 'home'

/** The pages of the bar, in order, for what somebody is. */
export function navigationFor(roles: readonly Role[]): NavItem[] {
  const names: PageName[] = onlyLeads(roles)
    ? ['overview', 'map', 'table']
    : ['home', 'map', 'table', 'overview']
  return names.map((name) => ({ name, icon: icons[name] }))
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
