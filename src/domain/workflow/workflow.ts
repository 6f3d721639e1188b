import type { Role, Stage } from '../vocabulary.ts'

export interface Named {
  nameZh: string
  nameEn: string
}

export const fieldKinds = [
  'text',
  'boolean',
  'choice',
  'whole',
  'instant',
  'photos',
  'department',
  'handler',
  'assignee',
  'condition',
  'incident',
  'milestone',
] as const
export type FieldKind = (typeof fieldKinds)[number]

interface FieldRow {
  name: string
  kind: FieldKind
  isRequired: boolean
  /** Of a choice. Of an offered boolean the answers that can succeed; null for both. */
  choices: readonly string[] | null
  /** Words of `choices`; undefined in what older versions kept. */
  choiceNames?: readonly (Named & { code: string })[] | undefined
  /** Of a whole number; of a text `most` counts characters. */
  least: number | null
  most: number | null
  labelZh: string
  labelEn: string
}

export const tones = ['primary', 'neutral', 'danger'] as const
export type Tone = (typeof tones)[number]

/** `isRequired` and what is proposed hold for the incident that offers it. */
export interface OfferedField extends FieldRow {
  /** A department's code or a handler's id. */
  proposed?: string | null
  /** Position of the dispatch rule that proposes it. */
  proposedByRule?: number | null
}

/** A transition that the server lets the person take now. */
export interface OfferedTransition extends Named {
  name: string
  tone: Tone
  /** The device keeps it for ten seconds before it is sent. */
  canUndo: boolean
  fields: readonly OfferedField[]
}

export interface WorkflowState extends Named {
  code: string
  stage: Stage
  /** Kind of the clock that runs in it; undefined in what older versions kept. */
  clock?: string | null | undefined
}

export interface WorkflowTransition extends Named {
  name: string
  from: string
  /** Null: the state stays. */
  to: string | null
  roles: readonly (Role | 'reporter')[]
  tone: Tone
  canUndo: boolean
}

export interface WorkflowField extends FieldRow {
  transition: string
  /** Named rule that makes the field required for some incidents; null: none. */
  requiredWhen: string | null
}

export const limitUnits = ['urgent_hour', 'natural_day', 'work_hour', 'work_day'] as const
export type LimitUnit = (typeof limitUnits)[number]

/** Of a clock or milestone. The first two units run round the clock. */
export interface Limit {
  amount: number
  unit: LimitUnit
  /** `end_of_day`: until the end of its last working day. */
  dayRule: 'hours' | 'end_of_day'
}

export interface ClockLimit extends Limit {
  /** Kind of the clock. */
  clock: string
}

export interface Workflow extends Named {
  code: string
  /** Where a condition has none of its own; undefined in what older versions kept. */
  limits?: readonly ClockLimit[] | undefined
  firstState: string
  stages: readonly WorkflowState[]
  transitions: readonly WorkflowTransition[]
  fields: readonly WorkflowField[]
}

export interface FilingCondition extends Named {
  code: string
  categoryCode: string
  /** When it counts as put right. */
  closingZh: string
  closingEn: string
  departmentCode: string | null
  needsAfterPhotos: boolean
  /** Field staff may put it right themselves. */
  allowsSelfHandling?: boolean | undefined
  /** Undefined in what older versions kept. */
  limits?: readonly ClockLimit[] | undefined
  milestones: readonly (Named & { code: string } & Partial<Limit>)[]
}

/** The answer of `workflow_list`. It names things, and stands in for the server's offer offline. */
export interface WorkflowBook {
  workflows: readonly Workflow[]
  conditions: readonly FilingCondition[]
}

/** Some workflow's word for a state, its own first. */
export function stateOf(
  book: WorkflowBook,
  workflow: string | null,
  state: string,
): WorkflowState | undefined {
  return firstOf(book, workflow, ({ stages }) => stages.find(({ code }) => code === state))
}

export function transitionOf(
  book: WorkflowBook,
  workflow: string | null,
  name: string,
): WorkflowTransition | undefined {
  return firstOf(book, workflow, ({ transitions }) => transitions.find((one) => one.name === name))
}

export function fieldOf(
  book: WorkflowBook,
  workflow: string | null,
  transition: string,
  name: string,
): WorkflowField | undefined {
  return firstOf(book, workflow, ({ fields }) =>
    fields.find((one) => one.transition === transition && one.name === name),
  )
}

/**
 * A step as the server would offer it, for a row that lists its name: for a device without a network.
 * Null where the book does not know the step. The server decides when the step arrives.
 */
export function offeredByBook(
  book: WorkflowBook,
  incident: { workflowCode: string; state: string; categoryCode: string },
  name: string,
): OfferedTransition | null {
  const workflow = book.workflows.find(({ code }) => code === incident.workflowCode)
  const found = workflow?.transitions.find(
    (one) => one.name === name && one.from === incident.state,
  )
  if (!workflow || !found) return null
  const conditions = book.conditions.filter((one) => one.categoryCode === incident.categoryCode)
  /** The row does not tell its condition: photos are required where all of them want some. */
  const isNeeded = (rule: string | null): boolean =>
    rule === 'several_conditions'
      ? conditions.length > 1
      : rule === 'after_photos' &&
        conditions.length > 0 &&
        conditions.every(({ needsAfterPhotos }) => needsAfterPhotos)
  const { nameZh, nameEn, tone, canUndo } = found
  const fields = workflow.fields
    .filter(({ transition }) => transition === name)
    .map(({ transition: _, requiredWhen, ...field }) => ({
      ...field,
      isRequired: field.isRequired || isNeeded(requiredWhen),
    }))
  return { name, nameZh, nameEn, tone, canUndo, fields }
}

/** A queued command does not know its workflow: then any workflow's word serves. */
function firstOf<T>(
  { workflows }: WorkflowBook,
  workflow: string | null,
  find: (one: Workflow) => T | undefined,
): T | undefined {
  const own = workflows.filter(({ code }) => code === workflow)
  for (const one of [...own, ...workflows]) {
    const found = find(one)
    if (found !== undefined) return found
  }
  return undefined
}

/** @param locale BCP 47 */
export const nameIn = (locale: string, { nameZh, nameEn }: Named): string =>
  isChinese(locale) ? nameZh : nameEn
export const labelIn = (
  locale: string,
  { labelZh, labelEn }: Pick<FieldRow, 'labelZh' | 'labelEn'>,
): string => (isChinese(locale) ? labelZh : labelEn)
export const closingIn = (
  locale: string,
  { closingZh, closingEn }: Pick<FilingCondition, 'closingZh' | 'closingEn'>,
): string => (isChinese(locale) ? closingZh : closingEn)
const isChinese = (locale: string): boolean => locale.toLowerCase().startsWith('zh')
