import { byNamespace } from './by-namespace.ts'

export const messages = byNamespace(
  import.meta.glob<Record<string, unknown>>(
    ['../../locales/zh-CN/*.json', '!../../locales/zh-CN/{app,domain,help,sign-in,ui}.json'],
    { eager: true, import: 'default' },
  ),
)
