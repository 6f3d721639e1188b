/** Set-up of a project: `vi.waitFor` waits at least some seconds, and longer on a busy machine. */
import { vi } from 'vitest'
import { patient } from './patience.ts'

const minTimeoutMs = 5_000
const { waitFor } = vi
type Wait = typeof waitFor
vi.waitFor = ((callback: Parameters<Wait>[0], options?: Parameters<Wait>[1]) => {
  const given = typeof options === 'number' ? { timeout: options } : options
  const timeout = patient(Math.max(minTimeoutMs, given?.timeout ?? 0))
  return waitFor(callback, { ...given, timeout })
}) as Wait
