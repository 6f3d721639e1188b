import { byNamespace } from './by-namespace.ts'

export const messages = byNamespace(
  import.meta.glob<Record<string, unknown>>(
    [
      '../../locales/en/*.json',
      '!../../locales/en/{app,domain,help,sign-in,ui}.json',
      '!../../locales/en/{city,evaluation,import,public,publish,report,rules,satisfaction,standard,surveys,wall}.json',
    ],
    { eager: true, import: 'default' },
  ),
)
