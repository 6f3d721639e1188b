import { describe, expect, it } from 'vitest'
import { canReport, canWrite, landingFor, navigationFor, safeNext } from './navigation.ts'

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
  it('begins with the page that / leads to', () => {
    for (const roles of [
      ['leader'],
      ['grid_manager'],
      ['field_staff'],
      ['field_staff', 'leader'],
    ] as const)
      expect(navigationFor(roles)[0]?.name).toBe(landingFor(roles))
  })
})

describe('canReport', () => {
  it('is who the server lets report', () => {
    expect(
      [['field_staff'], ['grid_manager'], ['admin']].map((one) => canReport(one as never)),
    ).toEqual([true, true, true])
    expect([['leader'], ['handler'], []].map((one) => canReport(one as never))).toEqual([
      false,
      false,
      false,
    ])
  })
})

describe('canWrite', () => {
  it('is everybody who may add to an incident: who reports, and who handles', () => {
    for (const role of ['field_staff', 'grid_manager', 'admin', 'handler'] as const)
      expect([role, canWrite([role])]).toEqual([role, true])
    expect([canWrite(['leader']), canWrite([])]).toEqual([false, false])
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
    '/a\\..\\b',
    'javascript:alert(1)',
    '/sign-in?next=/sign-in',
    ['//evil.example', '/map'],
  ])('leads home from %j', (next) => {
    expect(safeNext(next)).toBe('/')
  })
})
