import { describe, expect, it } from 'vitest'
import { minPasswordLength, passwordIssues } from './new-password.ts'

const long = 'x'.repeat(minPasswordLength)

describe('passwordIssues', () => {
  it('accepts a new, long, twice equally typed password', () => {
    expect(passwordIssues({ current: 'old', next: long, confirm: long })).toEqual([])
  })

  it('counts characters, not UTF-16 units', () => {
    const emoji = '\u{1f600}'.repeat(minPasswordLength - 1)
    expect(passwordIssues({ current: '', next: emoji, confirm: emoji })).toEqual(['short'])
  })

  it('names every issue at once', () => {
    expect(passwordIssues({ current: 'a', next: 'a', confirm: 'b' })).toEqual([
      'short',
      'same',
      'mismatch',
    ])
  })
})
