import { expect, it } from 'vitest'
import { losesSight } from './loses-sight.ts'

const north = { path: 'C.N.' }
const street = { path: 'C.N.1.' }
const south = { path: 'C.S.' }

it('loses an incident that leaves the areas of every membership', () => {
  const manager = [{ role: 'grid_manager' as const, areaPath: 'C.N.' }]
  expect(losesSight(manager, street, south)).toBe(true)
  expect(losesSight(manager, street, north)).toBe(false)
  expect(losesSight([...manager, { role: 'leader', areaPath: 'C.S.' }], street, south)).toBe(false)
})

it('takes nothing from somebody who did not see it by area', () => {
  expect(losesSight([{ role: 'handler', areaPath: 'C.N.' }], street, south)).toBe(false)
  expect(losesSight([{ role: 'field_staff', areaPath: 'C.N.1.' }], north, south)).toBe(false)
  expect(losesSight([], street, south)).toBe(false)
})
