import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'

const cruise = (...roots: string[]): { status: number | null; output: string } => {
  const { status, stdout, stderr } = spawnSync(
    'node_modules/.bin/depcruise',
    ['--config', '.dependency-cruiser.js', '--output-type', 'err', ...roots],
    { encoding: 'utf8' },
  )
  return { status, output: stdout + stderr }
}

const planted = 'src/domain/planted-violation'
const plantedInServer = 'supabase/server/wire/planted-violation'

describe('boundaries', () => {
  afterEach(() => {
    for (const folder of [planted, plantedInServer])
      rmSync(folder, { recursive: true, force: true })
  })

  it('imports go downward only, each library has one room, and there are no cycles', () => {
    const { status, output } = cruise('src', 'supabase/server')
    expect(output).toContain('no dependency violations found')
    expect(status).toBe(0)
  })

  it('reports a planted upward import, a foreign library and a cycle', () => {
    mkdirSync(planted, { recursive: true })
    writeFileSync(
      `${planted}/a.ts`,
      `import '../../stores/view/filter.store.ts'\nimport * as turf from '@turf/turf'\nimport { b } from './b.ts'\nexport const a = [turf, b]\n`,
    )
    writeFileSync(
      `${planted}/b.ts`,
      `import { a } from './a.ts'\nexport const b = (): unknown => a\n`,
    )
    const { status, output } = cruise(planted)
    expect(status).not.toBe(0)
    for (const rule of ['domain-downward', 'only-geo', 'no-cycles']) expect(output).toContain(rule)
  })

  it('reports a server room that imports a later one, the app or itself in a circle', () => {
    mkdirSync(plantedInServer, { recursive: true })
    writeFileSync(
      `${plantedInServer}/a.ts`,
      `import '../../doors/door.ts'\nimport '../../../../src/stores/view/filter.store.ts'\nimport { b } from './b.ts'\nexport const a = b\n`,
    )
    writeFileSync(
      `${plantedInServer}/b.ts`,
      `import { a } from './a.ts'\nexport const b = (): unknown => a\n`,
    )
    const { status, output } = cruise(plantedInServer)
    expect(status).not.toBe(0)
    for (const rule of ['server-wire-downward', 'server-imports-domain-alone', 'no-cycles'])
      expect(output).toContain(rule)
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
