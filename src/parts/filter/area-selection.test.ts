import { describe, expect, it } from 'vitest'
import type { Area } from '@/domain/city/area.ts'
import { toggleAreaCode } from './area-selection.ts'

const area = (path: string): Area => {
  const codes = path.split('/').slice(0, -1)
  return {
    idx: 0,
    code: codes.at(-1)!,
    parentCode: codes.at(-2) ?? null,
    path,
    level: 'grid',
    name: path,
    households: null,
    revision: 1,
    bbox: [0, 0, 1, 1],
    pointOnSurface: [0, 0],
  }
}
const byCode = new Map(
  ['C/', 'C/N-1/', 'C/N-10/', 'C/N-1/G-1/', 'C/N-1/G-2/'].map((path) => [
    area(path).code,
    area(path),
  ]),
)
const lookup = (code: string): Area | undefined => byCode.get(code)

describe('toggleAreaCode', () => {
  it('adds and takes away', () => {
    expect(toggleAreaCode([], 'N-1', lookup)).toEqual(['N-1'])
    expect(toggleAreaCode(['N-1'], 'N-10', lookup)).toEqual(['N-1', 'N-10'])
    expect(toggleAreaCode(['N-1', 'N-10'], 'N-1', lookup)).toEqual(['N-10'])
  })

  it('narrows what contains it and swallows what lies in it', () => {
    expect(toggleAreaCode(['N-1'], 'G-1', lookup)).toEqual(['G-1'])
    expect(toggleAreaCode(['G-1', 'G-2', 'N-10'], 'N-1', lookup)).toEqual(['N-10', 'N-1'])
  })

  it('leaves the choice alone for an unknown code', () => {
    expect(toggleAreaCode(['N-1'], 'X', lookup)).toEqual(['N-1'])
  })
})
