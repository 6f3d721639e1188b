import { parentPort } from 'node:worker_threads'
import type { BackendCall, BackendEvent } from './messages.ts'

/**
 * A worker without a database, for tests: `exec` takes `die`, `drop` (later canaries fail) and
 * `hang`; a query returns its own text.
 */
const port = parentPort!
const send = (event: BackendEvent) => port.postMessage(event)
let drops = false

port.on('message', ({ id, call }: { id: number; call: BackendCall }) => {
  const refuse = (message: string) => send({ event: 'refusal', id, message, code: 'XX000' })
  if (call.op === 'exec' && call.sql === 'die') process.exit(3)
  if (call.op === 'exec' && call.sql === 'hang') return
  if (call.op === 'exec' && call.sql === 'drop') drops = true
  if ((call.op === 'canary' || call.op === 'dump') && drops) return refuse('dropped')
  send({ event: 'reply', id, value: call.op === 'query' ? [{ sql: call.sql }] : null })
})
send({ event: 'ready', tier: 'embedded', fresh: false })
