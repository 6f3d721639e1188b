import { byNamespace } from './by-namespace.ts'

export const messages = byNamespace(
  import.meta.glob<Record<string, unknown>>('../../locales/en/{app,domain,help,sign-in,ui}.json', {
    eager: true,
    import: 'default',
  }),
)
