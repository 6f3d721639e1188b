import { byNamespace } from './by-namespace.ts'

/** Words of the pages. */
export const messages = byNamespace(
  import.meta.glob<Record<string, unknown>>(
    ['../../locales/en/*.json', '!../../locales/en/{app,domain,help,sign-in,ui}.json'],
    { eager: true, import: 'default' },
  ),
)
