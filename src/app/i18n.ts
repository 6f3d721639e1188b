import { createI18n } from 'vue-i18n'

export const locales = ['zh-CN', 'en'] as const
export type Locale = (typeof locales)[number]

/** The key public/first-paint.js reads before the first paint. */
const storageKey = 'wangge.locale'

const loaders = {
  'zh-CN': () => import('./messages/zh-CN.ts'),
  en: () => import('./messages/en.ts'),
} satisfies Record<Locale, () => Promise<{ messages: object }>>

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: false,
  missingWarn: import.meta.env.DEV,
  fallbackWarn: false,
  messages: {},
})

const isLocale = (value: unknown): value is Locale => locales.some((known) => known === value)

/** The language a person chose here before, else the first of the browser's that we speak. */
export function preferredLocale(languages: readonly string[] = navigator.languages): Locale {
  const stored = readStored()
  if (stored) return stored
  for (const language of languages) {
    if (/^zh\b/i.test(language)) return 'zh-CN'
    if (/^en\b/i.test(language)) return 'en'
  }
  return 'en'
}

/** Loads a language, if it is not yet here, and shows it. */
export async function setLocale(locale: Locale, remember = true): Promise<void> {
  if (!i18n.global.availableLocales.includes(locale as never)) {
    const { messages } = await loaders[locale]()
    i18n.global.setLocaleMessage(locale as never, messages as never)
  }
  i18n.global.locale.value = locale as never
  document.documentElement.lang = locale
  if (!remember) return
  try {
    localStorage.setItem(storageKey, locale)
  } catch {
    // storage may be forbidden; the choice then lasts as long as the page
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
