import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

function cruise(cwd: string): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(
    'node_modules/.bin/depcruise',
    ['--config', '.dependency-cruiser.js', '--output-type', 'err', 'src', 'supabase/server'],
    { encoding: 'utf8', cwd },
  )
  return { status, output: stdout + stderr }
}

/** Files with one wrong import each, and the rule that must find it. */
const violations: { file: string; imports: string; rule?: string }[] = [
  ...Object.entries({
    stats: 'domain/vocabulary.ts',
    domain: 'stores/view/filter.store.ts',
    geo: 'data/errors.ts',
    ui: 'stores/areas.store.ts',
    map: 'stores/areas.store.ts',
    charts: 'data/errors.ts',
    data: 'sync/index.ts',
    columns: 'device/device-store.ts',
    sync: 'columns/loader.ts',
    device: 'stores/areas.store.ts',
    stores: 'parts/filter/area-search.ts',
    parts: 'features/outbox/segments.ts',
    features: 'app/navigation.ts',
  }).map(([room, imports]) => ({
    file: `src/${room}/up.ts`,
    imports: `../${imports}`,
    rule: `${room}-downward`,
  })),
  {
    file: 'src/features/planted/across.ts',
    imports: '../outbox/segments.ts',
    rule: 'features-apart',
  },
  {
    file: 'src/features/planted/server.ts',
    imports: '../../../supabase/functions/planted.ts',
    rule: 'client-never-imports-server',
  },
  { file: 'src/stats/planted/library.ts', imports: 'valibot', rule: 'stats-import-nothing' },
  { file: 'src/device/planted/vue.ts', imports: 'vue', rule: 'plain-rooms' },
  { file: 'src/columns/planted/pinia.ts', imports: 'pinia', rule: 'plain-rooms' },
  { file: 'src/sync/planted/colada.ts', imports: '@pinia/colada', rule: 'plain-rooms' },
  { file: 'src/charts/options/planted/vue.ts', imports: 'vue', rule: 'plain-rooms' },
  { file: 'src/parts/planted/turf.ts', imports: '@turf/turf', rule: 'only-geo' },
  { file: 'src/parts/planted/map.ts', imports: 'maplibre-gl', rule: 'only-map' },
  { file: 'src/columns/planted/echarts.ts', imports: 'echarts/core', rule: 'only-charts' },
  { file: 'src/device/planted/supabase.ts', imports: '@supabase/supabase-js', rule: 'only-data' },
  { file: 'src/device/planted/dexie.ts', imports: 'dexie', rule: 'only-sync' },
  { file: 'src/parts/planted/a.ts', imports: './b.ts', rule: 'no-cycles' },
  { file: 'src/parts/planted/b.ts', imports: './a.ts' },
  {
    file: 'supabase/server/wire/planted.ts',
    imports: '../doors/door.ts',
    rule: 'server-wire-downward',
  },
  {
    file: 'supabase/server/wire/app.ts',
    imports: '../../../src/stores/view/filter.store.ts',
    rule: 'server-imports-domain-alone',
  },
]

describe('boundaries', () => {
  let folder: string | undefined
  afterEach(() => folder && rmSync(folder, { recursive: true }))

  it('imports go downward only, each library has one room, and there are no cycles', () => {
    const { status, output } = cruise(root)
    expect(output).toContain('no dependency violations found')
    expect(status).toBe(0)
  })

  it('has a planted violation for each room below the app', () => {
    const rooms = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !['app', 'locales'].includes(entry.name))
      .map(({ name }) => `${name}-downward`)
    const rules = new Set(violations.map(({ rule }) => rule))
    expect(rooms.filter((rule) => !rules.has(rule))).toEqual([])
  })

  it('reports each planted violation', () => {
    // A tree of its own: other tests read `src` at the same time.
    folder = mkdtempSync(join(tmpdir(), 'boundaries-'))
    copyFileSync(join(root, '.dependency-cruiser.js'), join(folder, '.dependency-cruiser.js'))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    writeFileSync(join(folder, 'tsconfig.json'), '{}')
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const write = (path: string, code: string): void => {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, code)
    }
    const planted = new Set(violations.map(({ file }) => join(folder!, file)))
    for (const { file, imports } of violations) {
      const path = join(folder, file)
      write(path, `import * as all from '${imports}'\nexport const one = all\n`)
      const target = join(dirname(path), imports)
      if (imports.startsWith('.') && !planted.has(target)) write(target, 'export const one = 1\n')
    }
    const { status, output } = cruise(folder)
    expect(status).not.toBe(0)
    const lines = output.split('\n')
    const missed = violations.filter(
      ({ file, rule }) => rule && !lines.some((line) => line.includes(`error ${rule}: ${file} `)),
    )
    expect(missed).toEqual([])
  })
})

describe('top level', () => {
  it('holds what was agreed and nothing else', () => {
    const tracked = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).trim().split('\n')
    const names = new Set(tracked.map((path) => path.split('/')[0] ?? ''))
    const agreed =
      /^(src|public|supabase|tests|index\.html|package(-lock)?\.json|(vite|vitest|eslint)\.config\.ts|tsconfig\.json|README\.md|ARCHITECTURE\.md|CONTRIBUTING\.md|LICENSE|\..+)$/
    expect([...names].filter((name) => !agreed.test(name))).toEqual([])
  })
})
