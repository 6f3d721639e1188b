import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPinia, setActivePinia } from 'pinia'
import { createMemoryHistory, createRouter } from 'vue-router'
import { describe, expect, it, vi } from 'vitest'

/** A page that only this list knows: everything that reads the list must know it too. */
const planted = vi.hoisted(() => ({
  name: 'planted',
  path: '/planted-page',
  title: 'app.nav.planted',
  icon: 'lucide:sprout',
  audience: 'public',
  bars: { lead: 'wide' },
  inMenu: true,
  isFiltered: true,
  fills: true,
}))
vi.mock('../../src/domain/pages.ts', async (load) => {
  const real = await load<typeof import('../../src/domain/pages.ts')>()
  return { ...real, pages: [...real.pages, planted] }
})

const root = join(import.meta.dirname, '../..')
const { pages } = await vi.importActual<typeof import('../../src/domain/pages.ts')>(
  '../../src/domain/pages.ts',
)

describe('the list of pages', () => {
  it('names and places each page once', () => {
    expect(new Set(pages.map(({ name }) => name)).size).toBe(pages.length)
    expect(new Set(pages.map(({ path }) => path)).size).toBe(pages.length)
  })

  it('has one landing page for each bar', () => {
    for (const bar of ['street', 'lead', 'desk'] as const)
      expect(pages.filter(({ bars }) => bars?.[bar] === 'landing').length, bar).toBe(1)
  })

  it('has titles that come with the shell, in both languages', () => {
    for (const locale of ['en', 'zh-CN'])
      for (const { title } of pages) {
        const [namespace, ...keys] = title.split('.')
        expect(['app', 'help', 'sign-in']).toContain(namespace)
        const file = readFileSync(join(root, `src/locales/${locale}/${namespace}.json`), 'utf8')
        const text = keys.reduce<unknown>(
          (node, key) => (node as Record<string, unknown>)[key],
          JSON.parse(file),
        )
        expect([title, typeof text]).toEqual([title, 'string'])
      }
  })

  it('holds the pages that the installed app offers as shortcuts', () => {
    const manifest = JSON.parse(
      readFileSync(join(root, 'public/manifest.webmanifest'), 'utf8'),
    ) as { start_url: string; shortcuts: { url: string }[] }
    const paths: string[] = pages.map(({ path }) => path)
    for (const url of [manifest.start_url, ...manifest.shortcuts.map((one) => one.url)])
      expect(paths).toContain(url)
  })
})

describe('a page added to the list', () => {
  it('becomes a route', async () => {
    const { routes } = await import('../../src/app/router.ts')
    expect(routes.find(({ name }) => name === 'planted')).toMatchObject({
      path: '/planted-page',
      meta: { title: 'app.nav.planted', isPublic: true, fills: true },
    })
  })

  it('stands in its bar and in the menu', async () => {
    const { menuPages, navigationFor } = await import('../../src/app/navigation.ts')
    const { name, title, icon } = planted
    expect(navigationFor(['leader'])).toContainEqual({ name, title, icon, isWideOnly: true })
    expect(navigationFor(['grid_manager']).map((item) => item.title)).not.toContain(title)
    expect(menuPages([])).toContain(planted)
  })

  it('keeps the filter in its URL', async () => {
    const { bindFilterToRouter } = await import('../../src/stores/view/bind-filter-to-router.ts')
    const { useFilterStore } = await import('../../src/stores/view/filter.store.ts')
    setActivePinia(createPinia())
    const component = { render: () => null }
    const router = createRouter({
      history: createMemoryHistory(),
      routes: ['/planted-page', '/account'].map((path) => ({ path, component })),
    })
    bindFilterToRouter(router)
    await router.push('/account?open=1')
    expect(useFilterStore().filter.openOnly).toBe(false)
    await router.push('/planted-page?open=1')
    expect(useFilterStore().filter.openOnly).toBe(true)
  })
})

describe('components of pages', () => {
  it('are there for each page and for nothing else', async () => {
    const { pageComponents } = await import('../../src/app/page-components.ts')
    expect(Object.keys(pageComponents).sort()).toEqual(pages.map(({ name }) => name).sort())
  })
})

describe('other lists of pages', () => {
  /** Distinct paths or names of pages that a file has as literals. */
  const count = (code: string, words: readonly string[]): number =>
    words.filter((word) => code.includes(`'${word}'`)).length
  const paths = pages.map(({ path }) => path).filter((path) => path !== '/')
  const names = pages.map(({ name }) => name)
  const isList = (code: string): boolean => count(code, paths) > 2 || count(code, names) > 3

  it('stand nowhere in the client and the server', () => {
    const files = ['src', 'supabase'].flatMap((room) =>
      readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
        .filter((file) => /(?<!\.test)\.(ts|vue)$/.test(file))
        .map((file) => join(room, file)),
    )
    expect(files.length).toBeGreaterThan(300)
    const found = files.filter((file) => isList(readFileSync(join(root, file), 'utf8')))
    expect(found).toEqual(['src/domain/pages.ts'])
  })

  it('would be found', () => {
    expect(isList(`new Set(['/', '/sign-in', '/map', '/table'])`)).toBe(true)
    expect(isList(`['map', 'table', 'overview', 'outbox']`)).toBe(true)
  })
})
