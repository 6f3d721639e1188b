import * as v from 'valibot'
import type { WireCommand } from '@/domain/command/command.ts'
import type { DispatchRules, RuleTrial } from '@/domain/workflow/dispatch-rule.ts'
import type { SavedView } from '@/domain/workflow/work-view.ts'
import { callRpc, type Backend } from './client.ts'

const receiptSchema = v.variant('outcome', [
  v.object({ id: v.string(), outcome: v.picklist(['applied', 'replayed']), version: v.number() }),
  v.object({
    id: v.string(),
    outcome: v.literal('conflict'),
    error: v.object({
      server: v.object({
        version: v.number(),
        savedAt: v.nullable(v.string()),
        savedByName: v.nullable(v.string()),
      }),
    }),
  }),
  v.object({
    id: v.string(),
    outcome: v.literal('rejected'),
    error: v.object({
      code: v.string(),
      field: v.optional(v.string()),
      detail: v.optional(v.string()),
    }),
  }),
])

export type SettingAnswer =
  | { outcome: 'saved'; version: number }
  /** Somebody else, or another device, saved first: 0 and nulls where it was deleted. */
  | { outcome: 'stale'; version: number; savedAt: string | null; savedByName: string | null }
  | { outcome: 'rejected'; code: string; field: string | null; detail: string | null }

const viewSchema = v.object({
  id: v.string(),
  name: v.string(),
  query: v.string(),
  isShared: v.boolean(),
  isOwn: v.boolean(),
  ownerName: v.string(),
  canDelete: v.boolean(),
  version: v.number(),
})

const rulesSchema = v.object({
  version: v.number(),
  savedAt: v.nullable(v.string()),
  savedByName: v.nullable(v.string()),
  canEdit: v.boolean(),
  areaCodes: v.nullable(v.array(v.string())),
  rules: v.array(
    v.object({
      areaCode: v.nullable(v.string()),
      categoryCode: v.nullable(v.string()),
      weekdays: v.array(v.number()),
      fromHour: v.number(),
      toHour: v.number(),
      departmentCode: v.string(),
      handler: v.nullable(v.string()),
      handlerName: v.nullable(v.string()),
    }),
  ),
  handlers: v.array(v.object({ id: v.string(), name: v.string(), departmentCode: v.string() })),
})

const trialSchema = v.object({
  from: v.string(),
  to: v.string(),
  total: v.number(),
  withoutRule: v.number(),
  withoutPresentRule: v.number(),
  changed: v.number(),
  dispatched: v.number(),
  unlikeDispatched: v.number(),
  presentUnlikeDispatched: v.number(),
  rules: v.array(v.number()),
  departments: v.array(
    v.object({
      departmentCode: v.nullable(v.string()),
      proposed: v.number(),
      present: v.number(),
      dispatched: v.number(),
    }),
  ),
  examples: v.array(
    v.object({
      id: v.string(),
      categoryCode: v.string(),
      areaCode: v.string(),
      description: v.string(),
      reportedAt: v.string(),
      rule: v.nullable(v.number()),
      departmentCode: v.nullable(v.string()),
      presentDepartmentCode: v.nullable(v.string()),
      dispatchedDepartmentCode: v.nullable(v.string()),
      isChanged: v.boolean(),
    }),
  ),
})

/** Every call throws `AppError`, or AbortError when `signal` aborts. */
export const settingsRepo = (backend: Backend) => ({
  /** Sends one command at once, past the outbox: a setting needs its answer before work goes on. */
  async send(command: WireCommand): Promise<SettingAnswer> {
    const [receipt] = await callRpc(
      backend,
      'apply_commands',
      { p_commands: [command] },
      v.tuple([receiptSchema]),
    )
    switch (receipt.outcome) {
      case 'conflict':
        return { outcome: 'stale', ...receipt.error.server }
      case 'rejected':
        return {
          outcome: 'rejected',
          code: receipt.error.code,
          field: receipt.error.field ?? null,
          detail: receipt.error.detail ?? null,
        }
      default:
        return { outcome: 'saved', version: receipt.version }
    }
  },

  views: (signal?: AbortSignal): Promise<SavedView[]> =>
    callRpc(backend, 'work_view_list', {}, v.array(viewSchema), signal),

  rules: (signal?: AbortSignal): Promise<DispatchRules> =>
    callRpc(backend, 'dispatch_rule_list', {}, rulesSchema, signal),

  tryRules: (rules: readonly object[], signal?: AbortSignal): Promise<RuleTrial> =>
    callRpc(backend, 'try_dispatch_rules', { p_rules: rules }, trialSchema, signal),
})
