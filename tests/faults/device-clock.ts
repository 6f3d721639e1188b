import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Several devices share this process, each with a clock of its own. What a device's page does, and
 * all it begins, sees the device's time in `Date.now`, the session's expiry included.
 */
const clocks = new AsyncLocalStorage<() => number>()
export const realNow = Date.now
Date.now = () => (clocks.getStore() ?? realNow)()

export const withClock = <T>(now: () => number, run: () => T): T => clocks.run(now, run)
