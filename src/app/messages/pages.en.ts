import { byNamespace } from './by-namespace.ts'

/** What the pages say, the sign-in page's apart. */
export const messages = byNamespace(
  import.meta.glob<Record<string, unknown>>(
    ['../../locales/en/*.json', '!../../locales/en/{app,domain,help,sign-in,ui}.json'],
    { eager: true, import: 'default' },
  ),
)
