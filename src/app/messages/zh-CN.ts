import { byNamespace } from './by-namespace.ts'

/** What is shown around every page and on the sign-in page; the pages' own words come with `pages.zh-CN.ts`. */
export const messages = byNamespace(
  import.meta.glob<Record<string, unknown>>(
    '../../locales/zh-CN/{app,domain,help,sign-in,ui}.json',
    {
      eager: true,
      import: 'default',
    },
  ),
)
