/** Set-up of a project: `vi.waitFor` waits at least some seconds, and longer on a busy machine. */
import { vi } from 'vitest'
import { patient } from './patience.ts'

const minTimeoutMs = 5_000
type Wait = typeof vi.waitFor
const own = Symbol.for('wangge.waitFor')
/**
 * Kept with the wrapper: files that share their modules set up one after the other, and a wrapper around a
 * wrapper would multiply the patience until no timer can hold it, which then fires at once.
 */
const { [own]: waitFor = vi.waitFor } = vi.waitFor as Wait & { [own]?: Wait }
const patientWait = ((callback: Parameters<Wait>[0], options?: Parameters<Wait>[1]) => {
  const given = typeof options === 'number' ? { timeout: options } : options
  const timeout = patient(Math.max(minTimeoutMs, given?.timeout ?? 0))
  return waitFor(callback, { ...given, timeout })
}) as Wait
vi.waitFor = Object.assign(patientWait, { [own]: waitFor })
