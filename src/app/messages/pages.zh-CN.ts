import { byNamespace } from './by-namespace.ts'

export const messages = byNamespace(
  import.meta.glob<Record<string, unknown>>(
    [
      '../../locales/zh-CN/*.json',
      '!../../locales/zh-CN/{app,domain,help,sign-in,ui}.json',
      '!../../locales/zh-CN/{city,evaluation,import,public,publish,report,rules,satisfaction,standard,surveys,wall}.json',
    ],
    { eager: true, import: 'default' },
  ),
)
