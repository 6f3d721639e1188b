import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { labelIn, nameIn } from '@/domain/workflow/workflow.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useWorkflowStore } from '@/stores/workflow.store.ts'
import { useFormat } from '@/ui/use-format.ts'

export interface StepWords {
  /** Codes stand for what no row names. */
  state(code: string): string
  step(name: string): string
  label(step: string, field: string): string
  /** Null where the value has no words of its own, as an unknown person's id. */
  value(step: string, field: string, value: unknown): string | null
  /** The value names an incident. */
  isIncident(step: string, field: string): boolean
}

/**
 * Words of the workflow's rows in the language shown.
 * @param people names by id
 */
export function useStepWords(
  workflow: () => string | null = () => null,
  people: () => Readonly<Record<string, string>> = () => ({}),
): ComputedRef<StepWords> {
  const { t, locale } = useI18n()
  const store = useWorkflowStore()
  const categories = useCategoriesStore()
  const format = useFormat()

  return computed(() => {
    const code = workflow()
    const named = (found: { nameZh: string; nameEn: string } | undefined, orElse: string) =>
      found ? nameIn(locale.value, found) : orElse
    return {
      state: (state) => named(store.state(code, state), state),
      step: (name) => named(store.transition(code, name), name),
      label(step, name) {
        const field = store.field(code, step, name)
        return field ? labelIn(locale.value, field) : name
      },
      value(step, name, value) {
        const field = store.field(code, step, name)
        const kind = field?.kind
        if (kind === 'handler' || kind === 'assignee') return people()[String(value)] ?? null
        if (kind === 'photos') return null
        if (typeof value === 'boolean') return value ? t('step.yes') : t('step.no')
        if (typeof value === 'number') return format.value.count(value)
        if (typeof value !== 'string') return null
        if (kind === 'department') return named(categories.department(value), value)
        if (kind === 'condition') return named(store.condition(value), value)
        if (kind === 'instant') return format.value.instant(value)
        if (kind === 'choice')
          return named(
            field?.choiceNames?.find((one) => one.code === value),
            value,
          )
        if (kind === 'milestone') return named(store.milestone(value), value)
        return value
      },
      isIncident: (step, name) => store.field(code, step, name)?.kind === 'incident',
    }
  })
}
