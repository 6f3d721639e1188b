import { expect, test } from 'vitest'
import type { ReportSummary } from '@/data/imports.repo.ts'
import { hindranceOf } from './use-desk-work.ts'

const check: ReportSummary = {
  ...{
    name: 'r',
    file: 'f.csv',
    kind: 'incidents',
    startedAt: null,
    finishedAt: '',
    isCheck: true,
  },
  ...{ read: 0, stored: 0, updated: 0, unchanged: 0, rejected: 0, doubts: 0 },
  ...{ brokenOff: null, isLost: false },
}

test('a check that found something to store hinders nothing, refused rows beside it or not', () => {
  expect(hindranceOf({ ...check, read: 2, stored: 1, rejected: 1 })).toBeNull()
  expect(hindranceOf({ ...check, read: 2, updated: 1, unchanged: 1 })).toBeNull()
})

test('says why nothing can be stored', () => {
  expect(hindranceOf({ ...check, read: 3, rejected: 3 })).toBe('allRefused')
  expect(hindranceOf({ ...check, read: 3, unchanged: 2, rejected: 1 })).toBe('nothingNew')
  expect(hindranceOf(check)).toBe('nothingNew')
  expect(hindranceOf({ ...check, read: 9, stored: 9, brokenOff: 'damaged' })).toBe('brokenOff')
})

test('areas that are there already may be stored again: others may end, or the box widen', () => {
  expect(hindranceOf({ ...check, kind: 'areas', read: 2, unchanged: 2 })).toBeNull()
  expect(hindranceOf({ ...check, kind: 'areas', read: 2, rejected: 2 })).toBe('allRefused')
})

test('an import is no check', () => {
  expect(hindranceOf({ ...check, isCheck: false, read: 3, rejected: 3 })).toBeNull()
})
