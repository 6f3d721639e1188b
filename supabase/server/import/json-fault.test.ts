import { describe, expect, it } from 'vitest'
import { jsonFaultOffset } from './json-fault.ts'

describe('jsonFaultOffset', () => {
  it.each([
    ['{"a": oops}', 6],
    ['{"a": 1,}', 8],
    ['{"a" 1}', 5],
    ['[1 2]', 3],
    ['[1, ]', 4],
    ['{"a": [1, 2}', 11],
    ['{"a": "cut', 6],
    ['{"a": [1, 2', 11],
    ['{} x', 3],
    ['', 0],
    ['{1: 2}', 1],
    ['[01]', 2],
  ])('%s breaks at %i', (text, offset) => {
    expect(() => JSON.parse(text)).toThrow()
    expect(jsonFaultOffset(text)).toBe(offset)
  })
})
