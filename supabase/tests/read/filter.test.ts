import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase } from '../harness/index.ts'
import { openReadWorld, storeIncident } from './world.ts'
import type { ReadWorld } from './world.ts'

const malformed: [field: string, filter: unknown][] = [
  ['filter', []],
  ['filter', 'x'],
  ['period', { period: { from: '2015-01-01', to: '2015-02-01' } }],
  ['from', { from: '2015-1-1' }],
  ['from', { from: 20150101 }],
  ['from', { from: '2015-02-30' }],
  ['from', { from: '2015-01-01T00:00:00Z' }],
  ['to', { to: 'infinity' }],
  ['to', { from: '2015-02-01', to: '2015-01-31' }],
  ['areas', { areas: 'SF' }],
  ['areas', { areas: ['SF', 1] }],
  ['areas', { areas: [null] }],
  ['areas', { areas: Array.from({ length: 1001 }, () => 'SF') }],
  ['categories', { categories: ['x'.repeat(61)] }],
  ['stages', { stages: ['finished'] }],
  ['openOnly', { openOnly: 'yes' }],
  ['onHoldOnly', { onHoldOnly: 1 }],
  ['due', { due: 'overdue' }],
  ['due', { due: ['overdue', 'tomorrow'] }],
  ['bbox', { bbox: [1, 2, 3] }],
  ['bbox', { bbox: ['1', '2', '3', '4'] }],
  ['bbox', { bbox: [-122, 37, -123, 38] }],
  ['bbox', { bbox: [-1e300, 37, 1e300, 38] }],
  ['exceptPoints', { exceptPoints: '1.2' }],
  ['exceptPoints', { exceptPoints: [1, 2] }],
  ['exceptPoints', { exceptPoints: [[1, 2, 3]] }],
  ['exceptPoints', { exceptPoints: [[1, '2']] }],
  ['exceptPoints', { exceptPoints: [[1, 2.5]] }],
  ['exceptPoints', { exceptPoints: [[-1, 65_536]] }],
  ['exceptPoints', { exceptPoints: Array.from({ length: 21 }, (_, n) => [n, n]) }],
  ['handling', { handling: ['late', 'never'] }],
  ['handlers', { handling: ['late'], handlers: 'parks' }],
  ['openLonger', { openLonger: '24' }],
  ['openLonger', { openLonger: 1.5 }],
  ['openLonger', { openLonger: -1 }],
  ['openLonger', { openLonger: 60_001 }],
  [`areas' or true --`, { [`areas' or true --`]: [] }],
]

describeOnEachDatabase('the filter at the door', (kind) => {
  let world: ReadWorld
  beforeAll(async () => {
    world = await openReadWorld(kind, 300)
  })
  afterAll(() => world.db.close())

  const list = (filter: unknown) =>
    world.call<{ rows: unknown[] }>(
      'admin',
      `incident_list($1::text::jsonb, 'reported_desc', null, 200)`,
      [JSON.stringify(filter)],
    )

  it.each(malformed)('names %s in refusing %j', async (field, filter) => {
    const refusal = { code: '22023', detail: field }
    await expect(list(filter)).rejects.toMatchObject(refusal)
    await expect(
      world.call('admin', 'incident_points(15, 5241, 12665, $1::text::jsonb)', [
        JSON.stringify(filter),
      ]),
    ).rejects.toMatchObject(refusal)
  })

  it('takes null for absent, and codes that do not exist or hold quotes as matching nothing', async () => {
    expect((await list({ from: null, areas: null, bbox: null, openOnly: null })).rows).toHaveLength(
      200,
    )
    expect((await list({ areas: [] })).rows).toHaveLength(200)
    expect((await list({ areas: ['nowhere'] })).rows).toHaveLength(0)
    expect((await list({ areas: [`x'} or true; --`, '"', '\\', '{}'] })).rows).toHaveLength(0)
    expect((await list({ categories: [`'`] })).rows).toHaveLength(0)
  })

  it('matches areas by path, never by the beginning of a code', async () => {
    const code = (rows: unknown[]) =>
      new Set(rows.map((row) => (row as { areaCode: string }).areaCode))
    // no code of the demo city begins another
    await world.db.exec(
      `insert into public.areas (code, parent_code, path, level, name, geom)
       select 'SF-N-1', parent_code, 'SF/SF-N-1/', level, 'short', geom
       from public.areas where code = 'SF-N-10'`,
    )
    const areas = ['SF-N-1', 'SF-N-10']
    for (const [n, areaCode] of areas.entries())
      await storeIncident(world.db, {
        id: `30000000-0000-4000-8000-00000000000${n}`,
        month: '2015-03-01',
        areaCode,
      })
    expect(code((await list({ areas })).rows).size).toBeGreaterThan(1)
    expect([...code((await list({ areas: ['SF-N-1'] })).rows)]).toEqual(['SF-N-1'])
  })
})
