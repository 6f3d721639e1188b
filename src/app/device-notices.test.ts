import { describe, expect, it } from 'vitest'
import { gravitiesOf, noticeToShow, waitsSince } from './device-notices.ts'

const megabyte = 1024 * 1024
const well = {
  isSecure: true,
  freeBytes: 5000 * megabyte,
  lowBytes: 100 * megabyte,
  forgetsAfterDays: null,
  canInstall: false,
  unsent: 0,
  unsentDays: null as number | null,
  isPersisted: false as boolean | null,
  isQuiet: false,
}
const shown = (state: Partial<typeof well> | object, putAside = {}) =>
  noticeToShow(gravitiesOf({ ...well, ...state }), putAside)

describe('noticeToShow', () => {
  it('says nothing of a device that is well, or does not tell', () => {
    expect(shown({})).toBeNull()
    expect(shown({ freeBytes: null })).toBeNull()
  })

  it('names the gravest first', () => {
    const all = { isSecure: false, freeBytes: 0, forgetsAfterDays: 7, canInstall: true }
    expect(shown(all)).toBe('insecure')
    expect(shown({ ...all, isSecure: true })).toBe('low-space')
    expect(shown({ forgetsAfterDays: 7, canInstall: true })).toBe('seven-days')
    expect(shown({ canInstall: true })).toBe('install')
  })

  it('stays quiet about low space that was put aside until half of the rest is gone too', () => {
    const putAside = gravitiesOf({ ...well, freeBytes: 90 * megabyte })
    expect(shown({ freeBytes: 90 * megabyte })).toBe('low-space')
    expect(shown({ freeBytes: 60 * megabyte }, putAside)).toBeNull()
    expect(shown({ freeBytes: 40 * megabyte }, putAside)).toBe('low-space')
    expect(shown({ freeBytes: 0 }, putAside)).toBe('low-space')
  })

  it('warns of seven days again once there is work to lose', () => {
    const putAside = gravitiesOf({ ...well, forgetsAfterDays: 7 })
    expect(shown({ forgetsAfterDays: 7 }, putAside)).toBeNull()
    expect(shown({ forgetsAfterDays: 7, unsent: 1 }, putAside)).toBe('seven-days')
  })

  it('tells at each start of old unsent items that the browser may erase, and again when they grow older', () => {
    const old = { unsent: 3, unsentDays: 2, canInstall: true }
    expect(shown(old)).toBe('old-unsent')
    expect(shown({ ...old, isPersisted: null, isQuiet: true })).toBe('old-unsent')
    expect(shown({ ...old, isPersisted: true })).toBe('install')
    expect(shown({ ...old, unsentDays: 0 })).toBe('install')
    const putAside = gravitiesOf({ ...well, ...old })
    expect(shown(old, putAside)).toBeNull()
    expect(shown({ ...old, unsentDays: 3 }, putAside)).toBe('old-unsent')
  })

  it('keeps hints for the day, and tells of dangers at night too', () => {
    const isQuiet = true
    expect(shown({ canInstall: true, isQuiet })).toBeNull()
    expect(shown({ forgetsAfterDays: 7, isQuiet })).toBeNull()
    expect(shown({ forgetsAfterDays: 7, unsent: 1, isQuiet })).toBe('seven-days')
    expect(shown({ freeBytes: 0, isQuiet })).toBe('low-space')
    expect(shown({ isSecure: false, isQuiet })).toBe('insecure')
  })
})

describe('waitsSince', () => {
  it('is the instant of the oldest item or draft, whichever is older', () => {
    const [old, older] = ['2026-11-20T08:00:00.000Z', '2026-11-18T08:00:00.000Z']
    expect(waitsSince([], [])).toBeNull()
    expect(waitsSince([{ at: old }], [])).toBe(old)
    expect(waitsSince([{ at: old }], [{ updatedAt: old }, { updatedAt: older }])).toBe(older)
    expect(waitsSince([{ at: older }], [{ updatedAt: old }])).toBe(older)
  })
})
