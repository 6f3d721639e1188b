import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import {
  mayEditRule,
  type DispatchRules,
  type EditedRule,
} from '@/domain/workflow/dispatch-rule.ts'
import { useAreaItems, type CodeItem } from '@/parts/filter/use-code-items.ts'
import { useAreasStore } from '@/stores/areas.store.ts'

/** The rule is the whole city's, one of an area above the caller's, or one of another area. */
export type RuleLock = 'everywhere' | 'wider' | 'outside'

export interface RuleScope {
  /** Areas that the caller may give to a rule. */
  areas: ComputedRef<readonly CodeItem[]>
  /** Whether a rule may stand for the whole city. */
  mayBeEverywhere: ComputedRef<boolean>
  /** The area of a rule that is added. */
  firstArea: ComputedRef<string | null>
  /** Names of the highest of those areas; null where all rules are the caller's, and before areas are loaded. */
  places: ComputedRef<string | null>
  mayEdit(rule: EditedRule): boolean
  /** Why a rule among editable ones cannot be edited; null where it can. */
  lockOf(rule: EditedRule): RuleLock | null
}

/** The rules that the caller may edit, by the list's answer. */
export function useRuleScope(list: () => DispatchRules | null): RuleScope {
  const { locale } = useI18n()
  const every = useAreaItems()
  const store = useAreasStore()
  const own = computed(() => {
    const codes = list()?.areaCodes
    return codes ? new Set(codes) : null
  })
  const highest = computed(() =>
    store.list.filter(
      ({ code, parentCode }) => own.value?.has(code) && !own.value.has(parentCode ?? ''),
    ),
  )
  const mayEdit = (rule: EditedRule): boolean => {
    const given = list()
    return given !== null && given.canEdit && mayEditRule(rule, given.areaCodes)
  }
  return {
    areas: computed(() =>
      own.value ? every.value.filter(({ value }) => own.value!.has(value)) : every.value,
    ),
    mayBeEverywhere: computed(() => own.value === null),
    firstArea: computed(() => highest.value[0]?.code ?? null),
    places: computed(() =>
      own.value === null || highest.value.length === 0
        ? null
        : new Intl.ListFormat(locale.value, { type: 'conjunction' }).format(
            highest.value.map(({ name }) => name),
          ),
    ),
    mayEdit,
    lockOf(rule) {
      if (!list()?.canEdit || mayEdit(rule)) return null
      if (rule.areaCode === null) return 'everywhere'
      const path = store.byCode(rule.areaCode)?.path
      const isAbove = path !== undefined && highest.value.some((area) => area.path.startsWith(path))
      return isAbove ? 'wider' : 'outside'
    },
  }
}
