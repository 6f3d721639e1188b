import type { Database } from '../../server/base/database-types.ts'
import { insertCitySettings } from './city-settings.ts'

/** One person of every kind, by what they are. */
export const people = {
  admin: '00000000-0000-4000-8000-000000000001',
  leader: '00000000-0000-4000-8000-000000000002',
  manager: '00000000-0000-4000-8000-000000000003',
  otherManager: '00000000-0000-4000-8000-000000000004',
  field: '00000000-0000-4000-8000-000000000005',
  handler: '00000000-0000-4000-8000-000000000006',
  stranger: '00000000-0000-4000-8000-000000000007',
} as const
export type Person = keyof typeof people

/** The box of the small city: 4° by 2°, so that places are easy to reckon. */
export const smallCityBox = { west: 10, south: 20, east: 14, north: 22 } as const

const areas: [
  code: string,
  parent: string | null,
  level: string,
  box: [number, number, number, number],
][] = [
  ['N', null, 'city', [10, 20, 14, 22]],
  // N-1 begins N-10: scope by the code's beginning would leak
  ['N-1', 'N', 'district', [10, 20, 12, 22]],
  ['N-10', 'N', 'district', [12, 20, 14, 22]],
  // to LIKE the _ is a wildcard that matches the dash of N-1-A
  ['N-1_A', 'N-1', 'grid', [10, 20, 11, 22]],
  ['N-1-A', 'N-1', 'grid', [11, 20, 12, 22]],
  ['N-10-A', 'N-10', 'grid', [12, 20, 13, 22]],
  // the rest of N-10, 13° to 14°, has no grid
]

/**
 * A city `N` of two districts and three grids (1° wide, the last degree without one), and the people
 * of every role: admin and leader of the city, manager of district N-1, another of N-10, field staff
 * of the grid N-1_A, a handler of public works, and a stranger without membership.
 */
export async function seedSmallCity(db: Database): Promise<void> {
  const { west, south, east, north } = smallCityBox
  await insertCitySettings(db, {
    name: 'N',
    locale: 'zh-CN',
    timeZone: 'Asia/Shanghai',
    box: [west, south, east, north],
    shardLevel: 'district',
  })
  const paths = new Map<string, string>()
  for (const [code, parent, level, box] of areas) {
    const path = `${parent === null ? '' : paths.get(parent)}${code}/`
    paths.set(code, path)
    await db.query(
      `insert into public.areas (code, parent_code, path, level, name, geom)
       values ($1, $2, $3, $4, $1, extensions.st_multi(extensions.st_makeenvelope($5, $6, $7, $8, 4326)))`,
      [code, parent, path, level, ...box],
    )
  }
  for (const [name, id] of Object.entries(people)) {
    await db.query('insert into public.profiles (user_id, display_name) values ($1, $2)', [
      id,
      name,
    ])
  }
  const memberships: [Person, string, string, string | null][] = [
    ['admin', 'admin', 'N', null],
    ['leader', 'leader', 'N', null],
    ['manager', 'grid_manager', 'N-1', null],
    ['otherManager', 'grid_manager', 'N-10', null],
    ['field', 'field_staff', 'N-1_A', null],
    ['handler', 'handler', 'N', 'public_works'],
  ]
  for (const [person, role, area, department] of memberships) {
    await db.query(
      'insert into public.memberships (user_id, role, area_code, department_code) values ($1, $2, $3, $4)',
      [people[person], role, area, department],
    )
  }
}
