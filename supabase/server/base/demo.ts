import { fileURLToPath } from 'node:url'
import type { AreaLevel, BoundingBox, Role } from '../../../src/domain/vocabulary.ts'

/** The password is public. */
export const demoAccounts = [
  { email: 'admin@wangge.demo', role: 'admin' },
  { email: 'leader@wangge.demo', role: 'leader' },
  { email: 'manager@wangge.demo', role: 'grid_manager' },
  { email: 'field@wangge.demo', role: 'field_staff' },
  { email: 'handler@wangge.demo', role: 'handler' },
]
export const demoPassword = 'wangge-demo'

export function isDemoEmail(email: string): boolean {
  return email.trim().toLowerCase().endsWith('@wangge.demo')
}

export interface DemoCity {
  id: string
  name: string
  /** BCP 47. */
  locale: string
  /** IANA, of the files' times. */
  timeZone: string
  bbox: BoundingBox
  basemap: { url: string; attribution: string }
  folder: string
  /** Highest first. */
  levels: readonly AreaLevel[]
  /** Latest time in the file, on the city's wall clock. */
  endsAt: string
  /** By account role. Names are role names: a demo invents no people. */
  assignments: Record<string, DemoAssignment>
}

interface DemoAssignment {
  displayName: string
  role: Role
  areaCode: string
  departmentCode?: string
}

const folderOf = (name: string): string =>
  fileURLToPath(new URL(`../../seed/${name}/`, import.meta.url))

const sanFrancisco: DemoCity = {
  id: 'sf',
  name: 'San Francisco',
  locale: 'en',
  timeZone: 'America/Los_Angeles',
  // The basemap's box, extended north to the city's polygon.
  bbox: [-122.52, 37.7, -122.35, 37.834],
  basemap: {
    url: '/basemap/sf.pmtiles',
    attribution: '© OpenStreetMap contributors · Protomaps',
  },
  folder: folderOf('demo'),
  levels: ['city', 'community', 'grid'],
  endsAt: '2016-01-27T21:39:18',
  assignments: {
    admin: { displayName: 'Administrator', role: 'admin', areaCode: 'SF' },
    leader: { displayName: 'Leader', role: 'leader', areaCode: 'SF' },
    grid_manager: { displayName: 'Grid manager', role: 'grid_manager', areaCode: 'SF-N-19' },
    field_staff: { displayName: 'Field worker', role: 'field_staff', areaCode: 'SF-N-19' },
    handler: {
      displayName: 'Public works',
      role: 'handler',
      areaCode: 'SF',
      departmentCode: 'public_works',
    },
  },
}

/** The first is the default. */
export const demoCities: readonly [DemoCity, ...DemoCity[]] = [sanFrancisco]

export const demoCity = (id: string): DemoCity | undefined =>
  demoCities.find((city) => city.id === id)
