/** Resolves the alias `@/` of `src` where Node itself runs a file of it. */
import { registerHooks } from 'node:module'

const src = new URL('../../src/', import.meta.url)
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier.startsWith('@/') ? new URL(specifier.slice(2), src).href : specifier, context),
})
