import { useToast } from '@nuxt/ui/composables'
import { computed, ref, shallowRef, type ComputedRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { settingsRepo } from '@/data/settings.repo.ts'
import { newUuid } from '@/domain/command/uuid.ts'
import {
  areSameRules,
  faultyRule,
  newRule,
  ruleIssues,
  rulesToSend,
  type DispatchRules,
  type EditedRule,
  type RuleDraft,
  type RuleTrial,
} from '@/domain/workflow/dispatch-rule.ts'
import { useKept } from '@/stores/outbox/use-kept.ts'
import { useServerQuery } from '@/stores/server-query.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useSetting } from '@/stores/use-setting.ts'

/** A field that the server refused; `rule` is its key. */
export interface RuleFault {
  rule: string
  field: string
}

export interface RulesEditor {
  list: ComputedRef<DispatchRules | null>
  loadError: Readonly<Ref<AppError | null>>
  reload(): Promise<void>
  /** The list on screen: the one in force, or the draft of it. */
  rules: ComputedRef<readonly EditedRule[]>
  isChanged: ComputedRef<boolean>
  hasIssues: ComputedRef<boolean>
  /** Somebody saved another list since this draft was begun. */
  isStale: ComputedRef<boolean>
  canUndo: ComputedRef<boolean>
  busy: Readonly<Ref<boolean>>
  trying: Readonly<Ref<boolean>>
  /** Of what is on screen now; null before it was tried. */
  trial: ComputedRef<RuleTrial | null>
  fault: Readonly<Ref<RuleFault | null>>
  /** Words `rules.issue.<…>` of a save or trial that failed. */
  issue: Readonly<Ref<'offline' | 'failed' | 'refused' | null>>
  /** Returns the new rule's key. */
  add(areaCode: string | null): string
  change(rules: readonly EditedRule[]): void
  undo(): void
  /** Goes back to the list in force. */
  drop(): void
  /** Goes on with the draft, over what was saved meanwhile. */
  keepMine(): void
  tryOut(): Promise<void>
  save(): Promise<void>
}

const undoMs = 10_000

/** The dispatch rules under edit. The draft is kept on the device until it is saved or dropped. */
export function useRules(): RulesEditor {
  const { t } = useI18n()
  const toast = useToast()
  const session = useSessionStore()
  const setting = useSetting()
  const { data, error, reload } = useServerQuery<DispatchRules>(() => ({
    key: ['dispatch-rules'],
    ask: ({ call, signal }) => call((backend) => settingsRepo(backend).rules(signal)),
  }))
  const { value: draft, ready } = useKept<RuleDraft | null>(
    () => 'dispatch-rules',
    () => null,
  )
  const past = shallowRef<readonly (readonly EditedRule[])[]>([])
  const fault = ref<RuleFault | null>(null)
  const issue = ref<'offline' | 'failed' | 'refused' | null>(null)
  const trying = ref(false)
  const tried = shallowRef<{ rules: readonly EditedRule[]; trial: RuleTrial } | null>(null)

  const inForce = computed<readonly EditedRule[]>(() =>
    (data.value?.rules ?? []).map(({ handlerName: _, ...rule }, index) => ({
      ...rule,
      key: `saved-${index}`,
    })),
  )
  const rules = computed(() => draft.value?.rules ?? inForce.value)
  const isChanged = computed(
    () => draft.value !== null && !areSameRules(rules.value, inForce.value),
  )
  const hasIssues = computed(() => rules.value.some((rule) => ruleIssues(rule).length > 0))

  function show(next: readonly EditedRule[]): void {
    fault.value = null
    issue.value = null
    draft.value = { baseVersion: draft.value?.baseVersion ?? data.value!.version, rules: next }
  }
  function change(next: readonly EditedRule[]): void {
    past.value = [...past.value, rules.value]
    show(next)
  }

  /** @returns whether the fault could be placed */
  function placeFault(field: string | null): boolean {
    const found = faultyRule(field)
    const rule = found && rules.value[found.index]
    fault.value = rule ? { rule: rule.key, field: found.field } : null
    return rule !== null && rule !== undefined
  }

  async function tryOut(): Promise<void> {
    const asked = rules.value
    trying.value = true
    issue.value = null
    fault.value = null
    try {
      const trial = await session.guard(() =>
        settingsRepo(session.backend!).tryRules(rulesToSend(asked)),
      )
      tried.value = { rules: asked, trial }
    } catch (failure) {
      if (isAbort(failure)) return
      const { kind, cause } = toAppError(failure)
      placeFault(fieldOfRefusal(cause))
      issue.value = kind === 'offline' ? 'offline' : kind === 'invalid' ? 'refused' : 'failed'
    } finally {
      trying.value = false
    }
  }

  async function send(baseVersion: number, sent: readonly EditedRule[]): Promise<number | null> {
    fault.value = null
    issue.value = null
    const answer = await setting.send('save_dispatch_rules', {
      baseVersion,
      rules: rulesToSend(sent),
    })
    if (answer?.outcome === 'saved') return answer.version
    if (!answer) issue.value = setting.error.value?.kind === 'offline' ? 'offline' : 'failed'
    // the newer list says who was faster
    else if (answer.outcome === 'stale') await reload()
    else {
      placeFault(answer.field)
      issue.value = 'refused'
    }
    return null
  }
  async function save(): Promise<void> {
    const before = inForce.value
    const version = await send(draft.value?.baseVersion ?? data.value!.version, rules.value)
    if (version === null) return
    await reload()
    draft.value = null
    past.value = []
    tried.value = null
    toast.add({
      title: t('rules.saved'),
      icon: 'lucide:check',
      color: 'success',
      duration: undoMs,
      actions: [
        {
          label: t('step.undo'),
          icon: 'lucide:undo-2',
          color: 'neutral',
          variant: 'outline',
          onClick: () => void undoSave(version, before),
        },
      ],
    })
  }
  async function undoSave(version: number, before: readonly EditedRule[]): Promise<void> {
    const isBack = (await send(version, before)) !== null
    await reload()
    toast.add({
      title: t(isBack ? 'rules.save-undone' : 'rules.save-not-undone'),
      icon: isBack ? 'lucide:undo-2' : 'lucide:circle-alert',
      color: isBack ? 'neutral' : 'error',
    })
  }

  return {
    list: computed(() => (ready.value ? data.value : null)),
    loadError: error,
    reload,
    rules,
    isChanged,
    hasIssues,
    isStale: computed(
      () =>
        isChanged.value && data.value !== null && draft.value!.baseVersion !== data.value.version,
    ),
    canUndo: computed(() => past.value.length > 0),
    busy: setting.busy,
    trying,
    trial: computed(() =>
      tried.value && areSameRules(tried.value.rules, rules.value) ? tried.value.trial : null,
    ),
    fault,
    issue,
    add(areaCode) {
      const rule = newRule(newUuid(), areaCode)
      change([...rules.value, rule])
      return rule.key
    },
    change,
    undo() {
      const before = past.value.at(-1)
      if (!before) return
      past.value = past.value.slice(0, -1)
      show(before)
    },
    drop() {
      past.value = [...past.value, rules.value]
      draft.value = null
      fault.value = null
      issue.value = null
    },
    keepMine() {
      if (draft.value && data.value)
        draft.value = { ...draft.value, baseVersion: data.value.version }
    },
    tryOut,
    save,
  }
}

/** The field that PostgREST's `details` names, of a rejection in JSON. */
function fieldOfRefusal(cause: unknown): string | null {
  if (typeof cause !== 'object' || cause === null || !('details' in cause)) return null
  try {
    const parsed: unknown = JSON.parse(String(cause.details))
    return typeof parsed === 'object' && parsed !== null && 'field' in parsed
      ? String(parsed.field)
      : null
  } catch {
    return null
  }
}
