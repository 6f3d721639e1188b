import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
/** Tests and their helpers; measurements, which take time as it is, stand apart. */
const folders = ['src', 'tests', 'supabase/tests', 'supabase/server', 'supabase/functions']
const isTest = (file: string): boolean =>
  /\.ts$/.test(file) &&
  !/^tests\/(bench|mutants)\//.test(file) &&
  file !== 'tests/architecture/waits.test.ts' &&
  (!/^(src|supabase\/(server|functions))\//.test(file) || /\.test\.ts$|\/testing\//.test(file))

const rules: Record<string, RegExp> = {
  'a pause of the page': /\.waitForTimeout\(/g,
  'a pause': /\bsetTimeout\(\s*(?:resolve|done|next)\b|from 'node:timers\/promises'/g,
  // `end({ timeout })` of postgres.js: seconds for queries under way
  'a fixed limit': /(?<!end\(\{ )\b(?:timeout|testTimeout|hookTimeout)\s*[:=]\s*[\d_]+\b/gi,
  'a route that outlives its page: use routeWhileOpen':
    /\.route\(\s*[^,()]+(?:\(.*\))?,\s*async\b/g,
  'a fixed limit of a test': /^ *\},? *[\d_]{3,}\)|^ *\},\n *[\d_]{4,},?$/gm,
}
const fixedWaits = (text: string): string[] =>
  Object.entries(rules).flatMap(([name, rule]) => [...text.matchAll(rule)].map(() => name))

/** How many waits a file may have, and why. */
const allowed: Record<string, [count: number, why: string]> = {
  'src/features/satisfaction/use-satisfaction-page.test.ts': [1, 'nothing more is asked'],
  'src/stores/columns.store.test.ts': [1, 'nothing more is asked'],
  'src/stores/outbox/use-draft-send.test.ts': [3, 'a slow device; nothing is closed or sent yet'],
  'src/stores/outbox/use-draft.test.ts': [1, 'nothing is saved after the autosave’s delay'],
  'src/stores/session.store.test.ts': [2, 'a slow disk; a late answer changes nothing'],
  'src/stores/view/bind-filter-to-router.test.ts': [1, 'no second navigation follows'],
  'tests/kit/route-while-open.ts': [1, 'the one that looks whether its page is there'],
  'tests/kit/look-until.ts': [1, 'pauses between two looks at a condition'],
  'tests/faults/fault-proxy.ts': [2, 'a late answer and a kill between hearing and answering'],
  'tests/faults/fault-run.ts': [2, 'a death at any moment; a session is renewed in real time'],
  'tests/faults/phone.ts': [2, 'a person between two sign-ins; the back-off, shortened'],
  'tests/faults/tab-kills.long.test.ts': [1, 'a death at any moment'],
  'supabase/tests/import-beside.long.test.ts': [1, 'a waiting batch shows itself nowhere'],
  'supabase/server/keeping/automatic-snapshots.long.test.ts': [
    1,
    'no snapshot in several intervals',
  ],
}

describe('tests', () => {
  it('wait on conditions, with limits from tests/kit/patience.ts', () => {
    const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...folders], {
      encoding: 'utf8',
      cwd: root,
    })
      .trim()
      .split('\n')
      .filter(isTest)
    expect(files.length).toBeGreaterThan(150)
    const found = files.flatMap((file) => {
      const waits = fixedWaits(readFileSync(join(root, file), 'utf8'))
      return waits.length === (allowed[file]?.[0] ?? 0) ? [] : `${file}: ${waits.join(', ')}`
    })
    expect(found).toEqual([])
    expect(Object.keys(allowed).filter((file) => !files.includes(file))).toEqual([])
  })

  it.each([
    'await page.waitForTimeout(500)',
    'await new Promise((resolve) => setTimeout(resolve, 300))',
    `import { setTimeout as sleep } from 'node:timers/promises'`,
    'await expect.poll(read, { timeout: 30_000 }).toBe(1)',
    'vi.setConfig({ testTimeout: 300_000 })',
    'const timeout = 400_000',
    `await page.route('**/config.json', async (route) => {`,
    'page.route(\n  `**/${path}`,\n  async (route) => {',
    'it(name, async () => {\n  await work()\n}, 420_000)',
  ])('would find %s', (text) => {
    expect(fixedWaits(text)).toHaveLength(1)
  })

  it.each([
    'await place.waitFor({ timeout: patient(5_000) })',
    'await expect.poll(read, slow).toBe(1)',
    'await pool.end({ timeout: 5 })',
    `await page.route('**/rpc/apply_commands', (route) => route.abort())`,
    `await routeWhileOpen(page, '**/config.json', async (route) => {`,
    'await vi.advanceTimersByTimeAsync(60_000)',
    'it(name, async () => {\n  await work()\n}, patient(420_000))',
  ])('may have %s', (text) => {
    expect(fixedWaits(text)).toEqual([])
  })
})
