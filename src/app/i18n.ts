import { createI18n } from 'vue-i18n'

export const locales = ['zh-CN', 'en'] as const
export type Locale = (typeof locales)[number]

/** `public/first-paint.js` reads the same key. */
const storageKey = 'wangge.locale'

type Loaders = Record<Locale, () => Promise<{ messages: object }>>

const shellLoaders: Loaders = {
  'zh-CN': () => import('./messages/zh-CN.ts'),
  en: () => import('./messages/en.ts'),
}
const pageLoaders: Loaders = {
  'zh-CN': () => import('./messages/pages.zh-CN.ts'),
  en: () => import('./messages/pages.en.ts'),
}
/** Words of pages that few open, each of them seldom: a fifth of all words. */
const officeLoaders: Loaders = {
  'zh-CN': () => import('./messages/office.zh-CN.ts'),
  en: () => import('./messages/office.en.ts'),
}
/** Loaders by language. Page texts join with the first page that needs them. */
const wanted = [shellLoaders]
const loaded = new Set<Loaders[Locale]>()

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: false,
  missingWarn: import.meta.env.DEV,
  fallbackWarn: false,
  messages: {},
})

const isLocale = (value: unknown): value is Locale => locales.some((known) => known === value)

/** Stored, else the browser's first supported language. */
export function preferredLocale(languages: readonly string[] = navigator.languages): Locale {
  const stored = readStored()
  if (stored) return stored
  for (const language of languages) {
    if (/^zh\b/i.test(language)) return 'zh-CN'
    if (/^en\b/i.test(language)) return 'en'
  }
  return 'en'
}

async function load(locale: Locale): Promise<void> {
  const missing = wanted.filter((one) => !loaded.has(one[locale]))
  if (missing.length === 0) return
  await Promise.all(
    missing.map(async ({ [locale]: loader }) => {
      const { messages } = await loader()
      const known = i18n.global.getLocaleMessage(locale as never) as object
      i18n.global.setLocaleMessage(locale as never, { ...known, ...messages } as never)
      loaded.add(loader)
    }),
  )
  // a page may have added its loaders meanwhile
  await load(locale)
}

/** Call before any page except sign-in. */
export async function loadPageMessages(page: { hasOwnWords?: boolean }): Promise<void> {
  for (const loaders of page.hasOwnWords ? [pageLoaders, officeLoaders] : [pageLoaders])
    if (!wanted.includes(loaders)) wanted.push(loaders)
  await load(i18n.global.locale.value as Locale)
}

/** Fetches words that `loadPageMessages` will ask for, before the language is set. */
export async function preloadPageMessages(page: { hasOwnWords?: boolean }): Promise<void> {
  const locale = preferredLocale()
  await Promise.all(
    [pageLoaders, ...(page.hasOwnWords ? [officeLoaders] : [])].map((one) => one[locale]()),
  )
}

export async function setLocale(locale: Locale, remember = true): Promise<void> {
  await load(locale)
  i18n.global.locale.value = locale as never
  document.documentElement.lang = locale
  if (!remember) return
  try {
    localStorage.setItem(storageKey, locale)
  } catch {
    // Without storage the choice ends with the page.
  }
}

function readStored(): Locale | null {
  try {
    const value = localStorage.getItem(storageKey)
    return isLocale(value) ? value : null
  } catch {
    return null
  }
}
