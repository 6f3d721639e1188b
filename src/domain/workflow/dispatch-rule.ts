/** A rule that proposes a department at dispatch. The first of the list that fits wins. */
export interface DispatchRule {
  /** With all below it; null is everywhere. */
  areaCode: string | null
  /** With all below it; null is all. */
  categoryCode: string | null
  /** 1 is Monday, 7 is Sunday; of the report, by the city's clocks. */
  weekdays: readonly number[]
  /** Hours of the day, 0 to 24; the end is excluded. From 22 to 6 goes over midnight. */
  fromHour: number
  toHour: number
  departmentCode: string
  /** A handler of the department. */
  handler: string | null
}

export interface DispatchRules {
  /** 0 before the first saving. */
  version: number
  savedAt: string | null
  savedByName: string | null
  canEdit: boolean
  /** The areas whose rules the caller may edit, with all below them; null: all rules. */
  areaCodes: readonly string[] | null
  rules: readonly (DispatchRule & { handlerName: string | null })[]
  handlers: readonly { id: string; name: string; departmentCode: string }[]
}

/** A rule under the editor's hands: `key` stays while the rule moves. */
export interface EditedRule extends Omit<DispatchRule, 'departmentCode'> {
  key: string
  /** Null: not chosen yet. */
  departmentCode: string | null
}

/** Kept on the device until it is saved or dropped. */
export interface RuleDraft {
  /** Of the list it was made of. */
  baseVersion: number
  rules: readonly EditedRule[]
}

export interface RuleTrial {
  from: string
  to: string
  total: number
  withoutRule: number
  withoutPresentRule: number
  /** Proposed otherwise than by the list in force. */
  changed: number
  /** Are or were with a department. */
  dispatched: number
  unlikeDispatched: number
  presentUnlikeDispatched: number
  /** Incidents of each rule. */
  rules: readonly number[]
  departments: readonly {
    departmentCode: string | null
    proposed: number
    present: number
    dispatched: number
  }[]
  examples: readonly {
    id: string
    categoryCode: string
    areaCode: string
    description: string
    reportedAt: string
    rule: number | null
    departmentCode: string | null
    presentDepartmentCode: string | null
    dispatchedDepartmentCode: string | null
    isChanged: boolean
  }[]
}

export const maxRules = 200
export const everyWeekday: readonly number[] = [1, 2, 3, 4, 5, 6, 7]

export const newRule = (key: string, areaCode: string | null = null): EditedRule => ({
  key,
  areaCode,
  categoryCode: null,
  weekdays: everyWeekday,
  fromHour: 0,
  toHour: 24,
  departmentCode: null,
  handler: null,
})

/** Whether the caller may edit the rule; `areaCodes` are those of the list. The server judges it again. */
export const mayEditRule = (
  { areaCode }: Pick<EditedRule, 'areaCode'>,
  areaCodes: DispatchRules['areaCodes'],
): boolean => areaCodes === null || (areaCode !== null && areaCodes.includes(areaCode))

/** `to` is the place afterwards, held within the list. */
export function movedRule<T>(rules: readonly T[], from: number, to: number): readonly T[] {
  const rule = rules[from]
  if (rule === undefined) return rules
  const rest = rules.toSpliced(from, 1)
  return rest.toSpliced(Math.max(0, Math.min(rest.length, to)), 0, rule)
}

export type RuleIssue = 'department' | 'weekdays' | 'hours'

export function ruleIssues(rule: EditedRule): RuleIssue[] {
  const issues: RuleIssue[] = []
  if (rule.departmentCode === null) issues.push('department')
  if (rule.weekdays.length === 0) issues.push('weekdays')
  if (rule.fromHour === rule.toHour) issues.push('hours')
  return issues
}

/** As the server takes them; call without issues. */
export const rulesToSend = (rules: readonly EditedRule[]): object[] =>
  rules.map(({ areaCode, categoryCode, weekdays, fromHour, toHour, departmentCode, handler }) => ({
    areaCode,
    categoryCode,
    weekdays,
    fromHour,
    toHour,
    departmentCode,
    handler,
  }))

export const areSameRules = (a: readonly EditedRule[], b: readonly EditedRule[]): boolean =>
  JSON.stringify(rulesToSend(a)) === JSON.stringify(rulesToSend(b))

/** Which rule, from 0, and field a rejection means; null for the list as a whole. */
export function faultyRule(field: string | null): { index: number; field: string } | null {
  const [, position, name] = /^rules\.(\d+)\.(\w+)$/.exec(field ?? '') ?? []
  return position && name ? { index: Number(position) - 1, field: name } : null
}
