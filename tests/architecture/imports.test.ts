import { execFileSync } from 'node:child_process'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../../src')

/** Rooms that Node runs too, where no bundler resolves `@/`. */
const plainRooms = ['stats', 'domain', 'geo', 'columns/count', 'columns/questions']
const isPlain = (file: string): boolean => plainRooms.some((room) => file.startsWith(`${room}/`))
const roomOf = (file: string): string => file.split('/')[0]!

/**
 * Lists faults in the imports of a file: plain rooms import by relative paths, the others import
 * another room by `@/`, and every room imports its own files by relative paths.
 * @param file path below `src`
 */
function wrongImports(file: string, code: string): string[] {
  const found: string[] = []
  for (const [, path] of code.matchAll(
    /(?:\bfrom\s+|\bimport\s*\(?\s*|\bvi\.\w+\(\s*)['"]((?:@\/|\.)[^'"]*)['"]/g,
  )) {
    const isAlias = path!.startsWith('@/')
    const target = isAlias ? path!.slice(2) : normalize(join(dirname(file), path!))
    // `../tests`, from unit tests
    if (target.startsWith('..')) continue
    const isOwn = roomOf(target) === roomOf(file)
    if (isAlias !== !(isOwn || isPlain(file))) found.push(`${file}: ${path}`)
  }
  return found
}

describe('imports', () => {
  it('name another room by `@/`, and files of the same room by relative paths', () => {
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.(ts|vue)$/.test(file),
    )
    expect(files.length).toBeGreaterThan(400)
    expect(
      files.flatMap((file) => wrongImports(file, readFileSync(join(root, file), 'utf8'))),
    ).toEqual([])
  })

  it.each([
    ['parts/incident/X.vue', `import { a } from '../../domain/city/area.ts'`],
    ['parts/incident/X.vue', `import Y from '@/parts/filter/Y.vue'`],
    ['app/x.ts', `const load = () => import('../features/help/HelpPage.vue')`],
    ['domain/x.ts', `import type { A } from '@/stats/quantile.ts'`],
    ['columns/count/x.ts', `export { a } from '@/domain/city/area.ts'`],
    ['stores/x.test.ts', `vi.mock('../data/client.ts')`],
  ])('are wrong in %s: %s', (file, code) => {
    expect(wrongImports(file, code)).toHaveLength(1)
  })

  it.each([
    ['parts/incident/X.vue', `import { a } from '@/domain/city/area.ts'`],
    ['parts/incident/X.vue', `import Y from '../filter/Y.vue'`],
    ['columns/count/x.ts', `import { a } from '../../domain/city/area.ts'`],
    ['columns/engine.ts', `import { a } from '@/domain/city/area.ts'`],
    ['sync/x.test.ts', `import { d } from '../../tests/fixtures/outbox/device.ts'`],
  ])('are right in %s: %s', (file, code) => {
    expect(wrongImports(file, code)).toEqual([])
  })
})

describe('files that Node runs itself', () => {
  const top = join(root, '..')
  const entries = globSync(
    [
      'supabase/server/commands/*.ts',
      'supabase/server/**/*-worker.ts',
      'tests/run.ts',
      'tests/kit/{prepare,screenshots}.ts',
      'tests/faults/fault-server.ts',
      'tests/mutants/run.ts',
    ],
    { cwd: top },
  )

  /** Each `@/` that a file imports, or one of the files it imports; types are erased. */
  function aliasesFrom(file: string, seen = new Set<string>()): string[] {
    if (seen.has(file)) return []
    seen.add(file)
    const code = readFileSync(join(top, file), 'utf8')
    return [
      ...code.matchAll(/^(?:import|export|\} from)\b(?! type)[^;'"]*?['"]([^'"]+)['"]/gm),
    ].flatMap(([, path]) => {
      if (path!.startsWith('@/')) return [`${file}: ${path}`]
      const isOwn = path!.startsWith('.') && path!.endsWith('.ts')
      return isOwn ? aliasesFrom(normalize(join(dirname(file), path!)), seen) : []
    })
  }

  it('reach no alias, which only bundlers resolve', () => {
    expect(entries.length).toBeGreaterThan(10)
    expect(entries.flatMap((entry) => aliasesFrom(entry))).toEqual([])
    // it would find one
    expect(aliasesFrom('src/sync/item-row.ts')).not.toEqual([])
  })

  it('are all benches too, with the alias of their runner', () => {
    const benches = globSync('tests/bench/**/*.bench.ts', { cwd: top })
    expect(benches.length).toBeGreaterThan(5)
    const code = benches.map((file) => `await import('./${file}')`).join('\n')
    execFileSync(
      'node',
      ['--import', join(top, 'tests/bench/alias.ts'), '--input-type=module', '-e', code],
      {
        cwd: top,
        stdio: 'pipe',
      },
    )
  })
})

describe('warnings', () => {
  it('go through `report`, so that the account page shows them', () => {
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /(?<!\.test)\.(ts|vue)$/.test(file),
    )
    const found = files.filter((file) =>
      /console\.warn|as \{ code\?/.test(readFileSync(join(root, file), 'utf8')),
    )
    expect(found.sort()).toEqual([
      'data/problems.ts',
      // Workers have a memory of their own and tell the page what failed.
      'device/city-download.worker.ts',
      'device/photo/photo.worker.ts',
      // The map stands below `data`; its warnings are single tiles without a network.
      'map/map-engine.ts',
      'map/small-map.ts',
    ])
  })
})
