import { OutboxError } from './errors.ts'
import type { OpenOptions, Outbox } from './types.ts'

/** Opens what this person keeps on this device for this server. */
export async function openOutbox(options: OpenOptions): Promise<Outbox> {
  throw new OutboxError('storage_failed', `no storage for ${options.instanceId} yet`)
}
