import { setFlagsFromString } from 'node:v8'

/**
 * Flags of Node for processes that open a database for seconds. V8 optimises what ran for 13 MB of
 * its wasm code; such a process ends before that pays, and it costs a third of the CPU.
 */
export const shortLifeFlags = ['--wasm-tiering-budget=1000000000']
for (const flag of shortLifeFlags) setFlagsFromString(flag)
