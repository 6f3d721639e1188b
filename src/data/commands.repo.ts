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
  case_number: v.nullish(v.string(), null),
}
const receiptSchema = v.variant('outcome', [
  v.object({
    ...common,
    outcome: v.picklist(['applied', 'replayed']),
    hash: hashSchema,
    error: v.null(),
    // without it the photos are unchecked
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

/** Undefined for any other shape. */
export function receiptFrom(value: unknown): Receipt | undefined {
  const parsed = v.safeParse(receiptSchema, value)
  if (!parsed.success) return undefined
  const { id, outcome, hash, incident_id, version, case_number, missing_photos } = parsed.output
  const error: CommandError | null = parsed.output.error
  return {
    id,
    outcome,
    hash,
    incidentId: incident_id,
    version,
    caseNumber: case_number,
    error,
    missingPhotos: missing_photos,
  }
}

/** Drops invalid receipts. */
export const receiptsFrom = (answer: unknown): Receipt[] =>
  Array.isArray(answer) ? answer.map(receiptFrom).filter((one) => one !== undefined) : []

export const commandsRepo = (backend: Backend) => ({
  /**
   * At most 200 commands and 1 MB. The outbox tells receipts from a portal's page by their hashes.
   * @throws AppError
   */
  apply: (commands: WireCommand[], signal?: AbortSignal): Promise<unknown> =>
    callRpc(backend, 'apply_commands', { p_commands: commands }, v.unknown(), signal),
})
