import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createI18n } from 'vue-i18n'
import { createFormat } from '../../src/domain/time/format.ts'
import { countedValues } from '../../src/ui/use-counted.ts'

/**
 * Every number in a message is written by its language, and English has a plural form where one is
 * needed. Each message is rendered with 0, 1, 2 and a million in each of its numbers.
 */
const root = join(import.meta.dirname, '../../src')
const locales = ['en', 'zh-CN'] as const

/** Parameters that carry a number. `count` chooses the plural form; others stand where none is needed. */
const numberNames = new Set(
  `count attempt backlog closed done imported index loaded meters most number open received recent
  rejected rest sent shown skipped total waiting`.split(/\s+/),
)
/** Parameters that carry words, among them durations, sizes and days already formatted. */
const wordNames = new Set(
  `ago area at browser bytes city day days department device distance duration field first free from height high
  id instant keys level limit link low month name names near note part path points share size stage started
  state step system to used year`.split(/\s+/),
)

function messagesOf(locale: string): Map<string, string> {
  const messages = new Map<string, string>()
  const walk = (node: unknown, key: string): void => {
    if (typeof node === 'string') messages.set(key, node)
    else for (const [part, child] of Object.entries(node as object)) walk(child, `${key}.${part}`)
  }
  for (const file of readdirSync(join(root, 'locales', locale)))
    walk(JSON.parse(readFileSync(join(root, 'locales', locale, file), 'utf8')), file.slice(0, -5))
  return messages
}

const all = { en: messagesOf('en'), 'zh-CN': messagesOf('zh-CN') }
const namesIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)),
]
const numbersIn = (text: string): string[] => namesIn(text).filter((name) => numberNames.has(name))
/** Keys of messages with a number. */
const counted = [...all.en].filter(([, text]) => numbersIn(text).length > 0).map(([key]) => key)

const i18n = createI18n({ legacy: false, locale: 'en', messages: {}, flatJson: true })
for (const locale of locales)
  i18n.global.setLocaleMessage(locale as never, Object.fromEntries(all[locale]) as never)
const formats = { en: createFormat('en', 'UTC'), 'zh-CN': createFormat('zh-CN', 'UTC') }

function render(
  locale: (typeof locales)[number],
  key: string,
  numbers: Record<string, number>,
): string {
  const words = namesIn(all.en.get(key)!).filter((name) => wordNames.has(name))
  const [values, plural] = countedValues(
    numbers,
    Object.fromEntries(words.map((name) => [name, `<${name}>`])),
    formats[locale],
  )
  return i18n.global.t(key, values, { plural, locale })
}

/** One of its numbers `value`, the others 7. */
const withOne = (key: string, name: string, value: number): Record<string, number> => ({
  ...Object.fromEntries(numbersIn(all.en.get(key)!).map((other) => [other, 7])),
  [name]: value,
})

/** Words in -s that are no plural. */
const singular = new Set('as has is its needs this was'.split(' '))
/** Up to three words after a lone 1 that want a plural before them. */
function falsePlural(text: string): string | null {
  for (const [clause, rest] of text.matchAll(/(?<![\d.,])1((?: [\w“”<>-]+)+)/g)) {
    const words = rest!.trim().split(' ')
    // "1 of 7 incidents": another number has taken over
    const own = words.slice(0, Math.max(0, words.findIndex((word) => /\d/.test(word)) + 1 || 3))
    const isPlural = (word: string): boolean =>
      /^(are|were|have|need|they|ones)$/.test(word) || (/[a-z]s$/.test(word) && !singular.has(word))
    if (own.some(isPlural)) return clause
  }
  return null
}

describe('messages with numbers', () => {
  it('are known by their parameters', () => {
    const unknown = locales.flatMap((locale) =>
      [...all[locale]].flatMap(([key, text]) =>
        namesIn(text)
          .filter((name) => !numberNames.has(name) && !wordNames.has(name))
          .map((name) => `${key}: ${name}`),
      ),
    )
    expect(unknown).toEqual([])
    expect(counted.length).toBeGreaterThan(50)
  })

  it.each(counted)('%s', (key) => {
    for (const name of numbersIn(all.en.get(key)!)) {
      const english = [0, 1, 2, 1_000_000].map((value) =>
        render('en', key, withOne(key, name, value)),
      )
      const found = english.map(falsePlural).filter((clause) => clause !== null)
      expect(found, english[1]).toEqual([])
      // more than one is never told in the singular form
      const form = (text: string): string => text.replaceAll(/\d[\d,]*/g, '#')
      expect(form(english[0]!)).toBe(form(english[2]!))
      expect(form(english[3]!)).toBe(form(english[2]!))
      for (const locale of locales)
        expect(render(locale, key, withOne(key, name, 1_000_000))).toContain('1,000,000')
    }
  })

  it('have as many English forms as English has, and one in Chinese', () => {
    const formsOf = (text: string): number => text.split(' | ').length
    for (const key of counted) {
      expect([1, 2], key).toContain(formsOf(all.en.get(key)!))
      expect(formsOf(all['zh-CN'].get(key)!), key).toBe(1)
    }
    const plurals = [...all.en].filter(([, text]) => formsOf(text) > 1)
    // only `count` chooses
    for (const [key, text] of plurals) expect(namesIn(text), key).toContain('count')
  })

  it('notices a plural that is missing', () => {
    for (const wrong of ['1 incidents', 'within 1 days', '1 open ones', '1 still need you'])
      expect(falsePlural(wrong)).not.toBeNull()
    for (const right of ['1 incident', '1 of 7 incidents', '1 is left', '11 days', '1,001 days'])
      expect(falsePlural(right)).toBeNull()
  })

  it('go through useCounted, never straight through t', () => {
    const straight = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(vue|ts)$/.test(file) && !/\.test\.ts$/.test(file))
      .flatMap((file) => {
        const code = readFileSync(join(root, file), 'utf8')
        return [...code.matchAll(/\bt\(\s*(?:'([\w.-]+)'|`([^`]+)`\s*,)/g)].flatMap(
          ([, key, template]) => {
            const pattern =
              template && template.replaceAll('.', '\\.').replaceAll(/\$\{[^}]*\}/g, '[^.]+')
            const isCounted = counted.some((one) =>
              pattern ? new RegExp(`^${pattern}$`).test(one) : one === key,
            )
            return isCounted ? [`${file}: ${key ?? template}`] : []
          },
        )
      })
    expect(straight).toEqual([])
  })
})
