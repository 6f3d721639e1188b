import { describe, expect, it, vi } from 'vitest'
import { fieldIssues, ruleIssue } from './new-password.ts'

describe('fieldIssues', () => {
  it('accepts a new password typed twice', () => {
    const issues = fieldIssues({ current: 'old', next: 'new', confirm: 'new' })
    expect(issues).toEqual({ next: null, confirm: null })
  })

  it('names both issues at once', () => {
    const issues = fieldIssues({ current: 'a', next: 'a', confirm: 'b' })
    expect(issues).toEqual({ next: 'same', confirm: 'mismatch' })
  })
})

describe('ruleIssue', () => {
  it('judges by the dictionaries, and without them where they cannot be loaded', async () => {
    expect(await ruleIssue('password123', '')).toBe('common')
    vi.resetModules()
    vi.doMock('@zxcvbn-ts/core', () => Promise.reject(new Error('no network')))
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const { ruleIssue: offline } = await import('./new-password.ts')
    expect(await offline('password123', '')).toBeNull()
    expect(await offline('short', '')).toBe('short')
    expect(warn).toHaveBeenCalledOnce()
  })
})
