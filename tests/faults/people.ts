import type { Role } from '../../src/domain/vocabulary.ts'

/** People of the small city of the fault runs. */
export const people: { email: string; role: Role }[] = [
  { email: 'anna@city.example', role: 'field_staff' },
  { email: 'bo@city.example', role: 'field_staff' },
  { email: 'chen@city.example', role: 'field_staff' },
  { email: 'manager@city.example', role: 'grid_manager' },
]
export const passwordOfAll = 'cold fingers'
