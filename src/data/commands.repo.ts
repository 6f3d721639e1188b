import * as v from 'valibot'
import type { CommandError, Receipt, WireCommand } from '@/domain/command/command.ts'
import { callRpc, type Backend } from './client.ts'

const serverIncidentSchema = v.object({
  version: v.number(),
  categoryCode: v.string(),
  lon: v.number(),
  lat: v.number(),
  description: v.string(),
  severity: v.number(),
  addressLabel: v.string(),
  areaCode: v.string(),
  stage: v.string(),
  changedAt: v.nullable(v.string()),
  reportedBy: v.nullish(v.string()),
  changedBy: v.nullable(v.string()),
})
const errorSchema = v.object({
  code: v.pipe(v.string(), v.minLength(1)),
  field: v.optional(v.string()),
  detail: v.optional(v.string()),
  server: v.optional(serverIncidentSchema),
})
const hashSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const common = {
  id: v.string(),
  incident_id: v.nullable(v.string()),
  version: v.nullable(v.number()),
}
const receiptSchema = v.variant('outcome', [
  v.object({
    ...common,
    outcome: v.picklist(['applied', 'replayed']),
    hash: hashSchema,
    error: v.null(),
    // without it nobody has looked whether the photos arrived
    missing_photos: v.array(hashSchema),
  }),
  v.object({
    ...common,
    outcome: v.literal('conflict'),
    hash: hashSchema,
    error: v.object({ ...errorSchema.entries, server: serverIncidentSchema }),
    missing_photos: v.optional(v.array(hashSchema), []),
  }),
  v.object({
    ...common,
    outcome: v.literal('rejected'),
    hash: v.nullable(hashSchema),
    error: errorSchema,
    missing_photos: v.optional(v.array(hashSchema), []),
  }),
])

/** A receipt of the expected shape; undefined for whatever else came in its place. */
export function receiptFrom(value: unknown): Receipt | undefined {
  const parsed = v.safeParse(receiptSchema, value)
  if (!parsed.success) return undefined
  const { id, outcome, hash, incident_id, version, missing_photos } = parsed.output
  const error: CommandError | null = parsed.output.error
  return {
    id,
    outcome,
    hash,
    incidentId: incident_id,
    version,
    error,
    missingPhotos: missing_photos,
  }
}

/** The genuine receipts in an answer to `apply_commands`; none when it is something else. */
export const receiptsFrom = (answer: unknown): Receipt[] =>
  Array.isArray(answer) ? answer.map(receiptFrom).filter((one) => one !== undefined) : []

export const commandsRepo = (backend: Backend) => ({
  /**
   * Sends commands, at most 200 and 1 MB. The answer is handed on as it came: only the outbox, which
   * knows the hashes, can tell receipts from a captive portal's page. @throws AppError
   */
  apply: (commands: WireCommand[], signal?: AbortSignal): Promise<unknown> =>
    callRpc(backend, 'apply_commands', { p_commands: commands }, v.unknown(), signal),
})
