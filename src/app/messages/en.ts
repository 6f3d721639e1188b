import { byNamespace } from './by-namespace.ts'

const files = import.meta.glob<Record<string, unknown>>('../../locales/en/*.json', {
  eager: true,
  import: 'default',
})

export const messages = byNamespace(files)
