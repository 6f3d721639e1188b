/**
 * `node keep-wasm-code.ts`: keeps the code that V8 optimises for a database at work, for `wasm-code.ts`.
 * Opens a database and uses it until its frequent functions are optimised.
 */
import './wasm-code.ts'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { applyCommands, reportCommand } from '../../supabase/tests/harness/commands.ts'
import { openTestDatabase } from '../../supabase/tests/harness/index.ts'
import { people, seedSmallCity } from '../../supabase/tests/harness/small-city.ts'
import { callV8, compiled, wasmCodeFolder, wasmCodePath } from './wasm-code.ts'

/** Bytes of its code that a function runs before V8 optimises it; 13,000,000 by default. */
const eager = '--wasm-tiering-budget=500000'
const reads = `select public.incident_list('{}', 'reported_desc', null, 50),
  public.incident_points(14, 8669, 7210, '{}'), public.session_context(), public.work_counts()`

async function work(): Promise<void> {
  const db = await openTestDatabase({ kind: 'pglite' })
  await seedSmallCity(db)
  for (let n = 0; n < 40; n++) await applyCommands(db, people.field, [reportCommand(people.field)])
  for (let n = 0; n < 10; n++) await db.asUser(people.leader, (tx) => tx.query(reads))
  await db.close()
}

setFlagsFromString(eager)
await work()
// V8 optimises beside the script: by the end of this all of the first is done
await work()
mkdirSync(wasmCodeFolder, { recursive: true })
for (const [hash, { module, instance }] of compiled) {
  // V8 ends the process that wants to keep a module without any optimised function
  const some = Object.values(instance.exports).find((value) => typeof value === 'function')
  callV8('WasmTierUpFunction', some)
  const code = callV8('SerializeWasmModule', module) as ArrayBuffer
  const unfinished = `${wasmCodePath(hash)}.${process.pid}`
  writeFileSync(unfinished, new Uint8Array(code))
  renameSync(unfinished, wasmCodePath(hash))
}
