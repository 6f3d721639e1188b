import { byNamespace } from './by-namespace.ts'

/** Words of pages marked `hasOwnWords`. */
export const messages = byNamespace(
  import.meta.glob<Record<string, unknown>>(
    '../../locales/en/{city,evaluation,import,public,publish,report,rules,satisfaction,standard,surveys,wall}.json',
    { eager: true, import: 'default' },
  ),
)
