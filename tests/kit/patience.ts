import { availableParallelism, loadavg } from 'node:os'

const maxLoadFactor = 8

/**
 * How much longer than on an idle machine a test waits: `TEST_PATIENCE` (1 by default), times the
 * processes that want a core now for each core.
 */
export function patience(): number {
  const chosen = Number(process.env.TEST_PATIENCE) || 1
  const load = (loadavg()[0] ?? 0) / availableParallelism()
  return chosen * Math.min(maxLoadFactor, Math.max(1, load))
}

/** @param ms a limit for an idle machine. @returns the limit for this one, now */
export const patient = (ms: number): number => Math.round(ms * patience())

/**
 * Limit of a whole test in ms, fixed before it runs. Longer than the longest wait inside it under any
 * load, so that a failing wait reports its own line.
 */
export const patientTest = (ms: number): number =>
  Math.round(Math.max(patient(ms), (ms * maxLoadFactor) / 2))

/** Options of a wait for one answer of the app; read at each wait. */
export const slow = {
  get timeout(): number {
    return patient(30_000)
  },
}
/** Of a wait for several answers or a download. */
export const slower = {
  get timeout(): number {
    return patient(90_000)
  },
}
