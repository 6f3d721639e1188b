import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'vue/compiler-sfc'
import { describe, expect, it } from 'vitest'

/**
 * No string shown to people outside the locale files; both languages complete; every key used and
 * every used key there.
 */
const root = join(import.meta.dirname, '../../src')
const locales = ['zh-CN', 'en'] as const

type Messages = Map<string, string>

function messagesOf(locale: string): Messages {
  const messages: Messages = new Map()
  const walk = (node: unknown, key: string): void => {
    if (typeof node === 'string') messages.set(key, node)
    else for (const [part, child] of Object.entries(node as object)) walk(child, `${key}.${part}`)
  }
  for (const file of readdirSync(join(root, 'locales', locale)).filter((f) => f.endsWith('.json')))
    walk(JSON.parse(readFileSync(join(root, 'locales', locale, file), 'utf8')), file.slice(0, -5))
  return messages
}

const all = Object.fromEntries(locales.map((locale) => [locale, messagesOf(locale)])) as Record<
  (typeof locales)[number],
  Messages
>

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(vue|ts)$/.test(file) && !/\.test\.ts$/.test(file))
  .map((file) => ({ file, code: withoutComments(readFileSync(join(root, file), 'utf8')) }))

/** Comments may speak any language; a `//` inside an address is no comment. */
function withoutComments(code: string): string {
  return code
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1')
}

/** Key-like literals, and what stands before the first `${` of key-like templates. */
const literals = new Set<string>()
const prefixes = new Set<string>()
const called = new Map<string, string>()
for (const { file, code } of sources) {
  for (const [, key] of code.matchAll(/['"`]([a-z][\w-]*(?:\.[\w-]+)+)['"`]/g)) literals.add(key!)
  for (const [, prefix] of code.matchAll(/`([a-z][\w-]*\.[\w.-]*)\$\{/g)) prefixes.add(prefix!)
  for (const [, key] of code.matchAll(/\b(?:t|counted)\(\s*['"]([^'"]+)['"]/g))
    called.set(key!, file)
}

describe('locales', () => {
  it('have the same keys', () => {
    expect([...all['zh-CN'].keys()].sort()).toEqual([...all.en.keys()].sort())
  })

  it('name the same values in both languages and leave nothing empty', () => {
    const values = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()
    for (const [key, text] of all['zh-CN']) {
      const english = all.en.get(key) ?? ''
      expect(values(english), key).toEqual(values(text))
      expect(text.trim() && english.trim(), key).not.toBe('')
    }
  })

  it('hold Chinese in the Chinese files and none in the English ones', () => {
    for (const [key, text] of all.en)
      if (!key.startsWith('app.languageNames.')) expect(text, key).not.toMatch(/\p{Script=Han}/u)
  })

  it('hold every key that is asked for', () => {
    const missing = [...called].filter(([key]) => !all.en.has(key))
    expect(missing).toEqual([])
    const namespaces = new Set([...all.en.keys()].map((key) => key.slice(0, key.indexOf('.'))))
    const keys = [...all.en.keys()]
    const dead = [...prefixes].filter(
      (prefix) =>
        namespaces.has(prefix.slice(0, prefix.indexOf('.'))) &&
        !keys.some((key) => key.startsWith(prefix)),
    )
    expect(dead).toEqual([])
  })

  it('hold no key that nobody asks for', () => {
    const unused = [...all.en.keys()].filter(
      (key) => !literals.has(key) && ![...prefixes].some((prefix) => key.startsWith(prefix)),
    )
    expect(unused).toEqual([])
  })
})

describe('the words of the shell', () => {
  /** Files of the shell and of the sign-in page: what they import at once, without what comes later. */
  function loadedAtOnce(file: string, seen = new Set<string>()): Set<string> {
    if (seen.has(file)) return seen
    seen.add(file)
    const code = sources.find((one) => one.file === file)?.code ?? ''
    for (const [, path] of code.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^'"()]*?['"]([@.][^'"]+)['"]/g,
    )) {
      const target = path!.startsWith('@/') ? path!.slice(2) : join(dirname(file), path!)
      loadedAtOnce(target, seen)
    }
    return seen
  }

  it('are in the part of a language that comes with it', () => {
    const starts = ['app/main.ts', 'app/AppShell.vue', 'features/sign-in/SignInPage.vue']
    const files = new Set(starts.flatMap((file) => [...loadedAtOnce(file)]))
    expect(files.size).toBeGreaterThan(60)
    const part = readFileSync(join(root, 'app/messages/en.ts'), 'utf8')
    const own = /en\/\{([\w,-]+)\}/.exec(part)![1]!.split(',')
    for (const name of ['pages.en', 'zh-CN', 'pages.zh-CN'])
      expect(readFileSync(join(root, `app/messages/${name}.ts`), 'utf8')).toContain(
        `/{${own.join(',')}}.json`,
      )
    const namespaces = new Set([...all.en.keys()].map((key) => key.slice(0, key.indexOf('.'))))
    const foreign = sources
      .filter(({ file }) => files.has(file))
      .flatMap(({ file, code }) =>
        [...code.matchAll(/\b(?:t|counted)\(\s*['"`]([\w-]+)\./g)].map(([, namespace]) => ({
          file,
          namespace,
        })),
      )
      .filter(({ namespace }) => namespaces.has(namespace!) && !own.includes(namespace!))
    expect(foreign).toEqual([])
  })
})

describe('sources', () => {
  it('hold no Chinese text', () => {
    const found = sources.filter(({ code }) => /\p{Script=Han}/u.test(code)).map(({ file }) => file)
    expect(found).toEqual([])
  })

  it('show no code of a category, department or area where its name only loads', () => {
    const shown =
      /\{\{[^}]*\b(?:category|department|area)Code\s*(?:\?\?[^}]*)?\}\}|byCode\([^)]*\)\??\.name\s*\?\?\s*[\w.]*[cC]ode\b|nameOf\(\w+, locale\.value\) : [\w.]*[cC]ode\b/
    expect('{{ row.categoryCode }}').toMatch(shown)
    const found = sources.filter(({ code }) => shown.test(code)).map(({ file }) => file)
    expect(found).toEqual([])
  })

  it('hold no text in templates', () => {
    const found = sources
      .filter(({ file }) => file.endsWith('.vue'))
      .flatMap(({ file, code }) => textsOf(code).map((text) => `${file}: ${text}`))
    expect(found).toEqual([])
  })
})

interface TemplateNode {
  type: number
  content?: unknown
  children?: TemplateNode[]
  props?: { type: number; name: string; value?: { content: string } }[]
}

/** Letters people would read: text nodes, and attributes that are shown or read out. */
function textsOf(code: string): string[] {
  const found: string[] = []
  const shown = [
    'title',
    'label',
    'alt',
    'placeholder',
    'aria-label',
    'description',
    'hint',
    'help',
  ]
  const walk = (node: TemplateNode): void => {
    // compiler-core's node types: 2 is text; a prop of type 6 is a static attribute
    if (node.type === 2 && /\p{L}/u.test(String(node.content)))
      found.push(String(node.content).trim())
    for (const prop of node.props ?? [])
      if (prop.type === 6 && shown.includes(prop.name) && /\p{L}/u.test(prop.value?.content ?? ''))
        found.push(`${prop.name}="${prop.value?.content}"`)
    for (const child of node.children ?? []) walk(child)
  }
  const ast = parse(code).descriptor.template?.ast
  if (ast) walk(ast as unknown as TemplateNode)
  return found
}
