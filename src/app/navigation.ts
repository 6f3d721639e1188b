import { pages, type Bar, type Page, type PageName } from '@/domain/pages.ts'
import type { Role } from '@/domain/vocabulary.ts'

export interface NavItem extends Pick<Page<PageName>, 'name' | 'icon' | 'title'> {
  /** A phone's bar has no room for these pages. */
  isWideOnly: boolean
}

/** `street` and `lead` need that role alone. */
function barOf(roles: readonly Role[]): Bar {
  const hasOnly = (one: Role): boolean => roles.length > 0 && roles.every((role) => role === one)
  if (hasOnly('field_staff')) return 'street'
  return hasOnly('leader') ? 'lead' : 'desk'
}

const isFor = ({ roles }: Page, own: readonly Role[]): boolean =>
  !roles || roles.some((role) => own.includes(role))

/** True when people with these roles can open the page from a bar or button. */
export const isOffered = (name: PageName, roles: readonly Role[]): boolean =>
  pages.some((page) => page.name === name && isFor(page, roles))

/** Pages of the bar, landing page first. */
export function navigationFor(roles: readonly Role[]): NavItem[] {
  const bar = barOf(roles)
  const shown = pages.filter((page) => page.bars?.[bar] && isFor(page, roles))
  const rank = ({ bars }: Page): number => (bars?.[bar] === 'landing' ? 0 : 1)
  return shown
    .sort((a, b) => rank(a) - rank(b))
    .map(({ name, icon, title, bars }) => ({
      name,
      icon,
      title,
      isWideOnly: bars?.[bar] === 'wide',
    }))
}

/** Page of `/`. */
export const landingFor = (roles: readonly Role[]): PageName =>
  navigationFor(roles)[0]?.name ?? 'home'

export const menuPages = (roles: readonly Role[]): readonly Page<PageName>[] =>
  pages.filter((page) => page.inMenu && isFor(page, roles))

/**
 * Path after signing in: `next` if it is a path of this app, else `/`. Refuses anything that
 * browsers could read as another site.
 */
export function safeNext(next: unknown): string {
  const path = Array.isArray(next) ? next[0] : next
  // Browsers drop tabs and line ends and read \ as /: `/<tab>/host` is another site.
  if (typeof path !== 'string' || !/^\/(?!\/)[^\\\p{Cc}]*$/u.test(path)) return '/'
  const signIn = pages.find(({ name }) => name === 'sign-in')!.path
  return path.startsWith(signIn) ? '/' : path
}
