import { describe, expect, it } from 'vitest'
import type { Role } from '@/domain/vocabulary.ts'
import { isOffered, landingFor, menuPages, navigationFor, safeNext } from './navigation.ts'

const namesFor = (roles: readonly Role[]) => navigationFor(roles).map(({ name }) => name)
/** Other pages may stand between. */
function expectBar(roles: readonly Role[], names: readonly string[]): void {
  const shown: string[] = namesFor(roles)
  expect(shown.filter((name) => names.includes(name))).toEqual(names)
  expect(shown[0]).toBe(names[0])
}

describe('landingFor', () => {
  it('takes leaders to the overview and everybody who works on incidents home', () => {
    expect(landingFor(['leader'])).toBe('overview')
    expect(landingFor(['leader', 'admin'])).toBe('home')
    expect(landingFor(['handler'])).toBe('home')
    expect(landingFor([])).toBe('home')
  })

  it('takes field staff to their day, unless they do other things too', () => {
    expect(landingFor(['field_staff'])).toBe('my-day')
    expect(landingFor(['field_staff', 'grid_manager'])).toBe('home')
  })
})

describe('navigationFor', () => {
  it('gives each bar its pages, the landing page first', () => {
    expectBar(['field_staff'], ['my-day', 'capture', 'map', 'table', 'outbox'])
    expectBar(['leader'], ['overview', 'map', 'table'])
    for (const roles of [['grid_manager'], ['handler'], ['field_staff', 'leader'], []] as const)
      expectBar(roles, ['home', 'map', 'table', 'overview'])
    expect(namesFor(['leader'])).not.toContain('home')
    expect(namesFor(['field_staff'])).not.toContain('overview')
  })

  it('leaves the table out of the phone bar of field staff alone', () => {
    const wideOnly = (roles: readonly Role[]) =>
      navigationFor(roles).flatMap(({ name, isWideOnly }) => (isWideOnly ? [name] : []))
    expect(wideOnly(['field_staff'])).toEqual(['table'])
    expect(wideOnly(['grid_manager'])).toEqual(['satisfaction'])
  })
})

describe('menuPages', () => {
  it('holds the pages about the person and the app', () => {
    expect(menuPages(['field_staff']).map(({ name }) => name)).toEqual([
      'standard',
      'categories',
      'callbacks',
      'evaluations',
      'account',
      'help',
    ])
    expect(menuPages(['handler']).map(({ name }) => name)).toEqual([
      'standard',
      'categories',
      'evaluations',
      'account',
      'help',
    ])
    expect(menuPages(['admin']).map(({ name }) => name)).toContain('dispatch-rules')
  })
})

describe('isOffered', () => {
  it('offers reporting to the roles that the server lets report', () => {
    for (const role of ['field_staff', 'grid_manager', 'admin'] as const)
      expect([role, isOffered('capture', [role])]).toEqual([role, true])
    for (const roles of [['leader'], ['handler'], []] as const)
      expect([roles, isOffered('capture', roles)]).toEqual([roles, false])
  })

  it('offers the outbox to everybody who may add to an incident', () => {
    for (const role of ['field_staff', 'grid_manager', 'admin', 'handler'] as const)
      expect([role, isOffered('outbox', [role])]).toEqual([role, true])
    expect([isOffered('outbox', ['leader']), isOffered('outbox', [])]).toEqual([false, false])
  })
})

describe('safeNext', () => {
  it('keeps a page of ours with its filter', () => {
    expect(safeNext('/map?open=1&at=12/1/2')).toBe('/map?open=1&at=12/1/2')
  })

  it.each([
    undefined,
    '',
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/map\r\n',
    '/a\\..\\b',
    'javascript:alert(1)',
    '/sign-in?next=/sign-in',
    ['//evil.example', '/map'],
  ])('leads home from %j', (next) => {
    expect(safeNext(next)).toBe('/')
  })
})
