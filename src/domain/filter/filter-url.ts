import { quantum } from '../answers/columns.ts'
import { isLocalDay } from '../time/calendar.ts'
import { dueChoices, type DueChoice } from './due.ts'
import {
  answerChoices,
  emptyFilter,
  handlingOutcomes,
  maxExceptPoints,
  mostOpenHours,
  type AnswerChoice,
  type AnswerFilter,
  type HandlingFilter,
  type HandlingOutcome,
  type IncidentFilter,
  type QuantisedPoint,
} from './filter.ts'
import { stages, type BoundingBox, type Stage } from '../vocabulary.ts'

export const filterKeys = [
  'from',
  'to',
  'area',
  'category',
  'stage',
  'open',
  'hold',
  'due',
  'bbox',
  'except',
  'answer',
  'closed',
  'closer',
  'handling',
  'handler',
  'longer',
  'in',
  'vs',
] as const
export type FilterKey = (typeof filterKeys)[number]

/** Repeated keys are arrays. */
export type Query = Record<string, string | null | undefined | readonly (string | null)[]>

export interface DecodedFilter {
  filter: IncidentFilter
  /** The breadcrumb's area. */
  drill: string | null
  /** False: the default period applies. */
  periodGiven: boolean
  /** With which earlier days the figures are compared. */
  against: Against | null
  ignored: FilterKey[]
}

/** The days right before the period, or the same days a year before. */
export const againstChoices = ['period_before', 'year_before'] as const
export type Against = (typeof againstChoices)[number]

/** `from=all` is all time; without `from` the default period applies. */
const allTime = 'all'
const codePattern = /^[A-Za-z0-9_.-]{1,60}$/
const boxDecimals = 5

const single = (value: Query[string]): string | undefined => {
  const one = typeof value === 'object' && value !== null ? value[0] : value
  return one ?? undefined
}

export function encodeFilter(
  filter: IncidentFilter,
  drill: string | null = null,
  against: Against | null = null,
): Partial<Record<FilterKey, string>> {
  const query: Partial<Record<FilterKey, string>> = {}
  query.from = filter.period ? filter.period.from : allTime
  if (filter.period) query.to = filter.period.to
  if (filter.areas.length) query.area = filter.areas.join('~')
  if (filter.categories.length) query.category = filter.categories.join('~')
  if (filter.stages.length) query.stage = filter.stages.join('~')
  if (filter.openOnly) query.open = '1'
  if (filter.onHoldOnly) query.hold = '1'
  if (filter.due.length) query.due = filter.due.join('~')
  if (filter.bbox) query.bbox = filter.bbox.map((value) => value.toFixed(boxDecimals)).join('~')
  if (filter.exceptPoints.length)
    query.except = filter.exceptPoints.map((point) => point.join('.')).join('~')
  if (filter.answers) {
    const { said, closed, closers } = filter.answers
    query.answer = said.join('~')
    if (closed) query.closed = `${closed.from}~${closed.to}`
    if (closers.length) query.closer = closers.join('~')
  }
  if (filter.handling) {
    const { outcomes, departments } = filter.handling
    query.handling = outcomes.join('~')
    if (departments.length) query.handler = departments.join('~')
  }
  if (filter.openLonger !== null) query.longer = `${filter.openLonger}`
  if (drill) query.in = drill
  if (against) query.vs = against
  return query
}

/** Never throws; see `ignored`. */
export function decodeFilter(query: Query): DecodedFilter {
  const filter = emptyFilter()
  const ignored = new Set<FilterKey>()
  const read = (key: FilterKey): string | undefined => {
    const value = single(query[key])
    return value === '' ? undefined : value
  }

  const codes = (key: 'area' | 'category' | 'closer' | 'handler'): string[] => {
    const given = read(key)?.split('~') ?? []
    const good = given.filter((code) => codePattern.test(code))
    if (good.length < given.length) ignored.add(key)
    return [...new Set(good)]
  }
  filter.areas = codes('area')
  filter.categories = codes('category')

  const givenStages = read('stage')?.split('~') ?? []
  filter.stages = stages.filter((stage) => givenStages.includes(stage))
  if (givenStages.some((stage) => !stages.includes(stage as Stage))) ignored.add('stage')

  const givenDue = read('due')?.split('~') ?? []
  filter.due = dueChoices.filter((choice) => givenDue.includes(choice))
  if (givenDue.some((choice) => !dueChoices.includes(choice as DueChoice))) ignored.add('due')

  const flag = (key: 'open' | 'hold'): boolean => {
    const value = read(key)
    if (value !== undefined && value !== '1') ignored.add(key)
    return value === '1'
  }
  filter.openOnly = flag('open')
  filter.onHoldOnly = flag('hold')

  const box = read('bbox')
  if (box !== undefined) {
    filter.bbox = parseBox(box)
    if (!filter.bbox) ignored.add('bbox')
  }

  const except = read('except')?.split('~') ?? []
  filter.exceptPoints = parsePoints(except)
  if (filter.exceptPoints.length < except.length) ignored.add('except')

  filter.answers = readAnswers(read('answer'), read('closed'), codes('closer'), ignored)
  filter.handling = readHandling(read('handling'), codes('handler'), ignored)

  const longer = read('longer')
  if (longer !== undefined) {
    filter.openLonger = readHours(longer)
    if (filter.openLonger === null) ignored.add('longer')
  }

  const from = read('from')
  const to = read('to')
  let periodGiven = false
  if (from === allTime) {
    periodGiven = true
    if (to !== undefined) ignored.add('to')
  } else if (from !== undefined && to !== undefined) {
    if (isLocalDay(from) && isLocalDay(to) && from <= to) {
      filter.period = { from, to }
      periodGiven = true
    } else {
      ignored.add('from').add('to')
    }
  } else if (from !== undefined) ignored.add('from')
  else if (to !== undefined) ignored.add('to')

  const drill = read('in')
  if (drill !== undefined && !codePattern.test(drill)) ignored.add('in')

  const vs = read('vs')
  const against = againstChoices.find((one) => one === vs) ?? null
  if (vs !== undefined && against === null) ignored.add('vs')

  return {
    filter,
    against,
    drill: drill !== undefined && codePattern.test(drill) ? drill : null,
    periodGiven,
    ignored: [...ignored],
  }
}

/** Days and departments without an answer narrow nothing. */
function readAnswers(
  answer: string | undefined,
  closed: string | undefined,
  closers: string[],
  ignored: Set<FilterKey>,
): AnswerFilter | null {
  const given = answer?.split('~') ?? []
  const said = answerChoices.filter((choice) => given.includes(choice))
  if (given.some((choice) => !answerChoices.includes(choice as AnswerChoice))) ignored.add('answer')
  const [from, to, ...more] = closed?.split('~') ?? []
  const isPeriod =
    from !== undefined &&
    to !== undefined &&
    isLocalDay(from) &&
    isLocalDay(to) &&
    from <= to &&
    more.length === 0
  if (closed !== undefined && (!isPeriod || said.length === 0)) ignored.add('closed')
  if (closers.length > 0 && said.length === 0) ignored.add('closer')
  if (said.length === 0) return null
  return { said, closed: isPeriod ? { from, to } : null, closers }
}

/** Departments without an outcome narrow nothing. */
function readHandling(
  text: string | undefined,
  departments: string[],
  ignored: Set<FilterKey>,
): HandlingFilter | null {
  const given = text?.split('~') ?? []
  const outcomes = handlingOutcomes.filter((one) => given.includes(one))
  if (given.some((one) => !handlingOutcomes.includes(one as HandlingOutcome)))
    ignored.add('handling')
  if (departments.length > 0 && outcomes.length === 0) ignored.add('handler')
  return outcomes.length === 0 ? null : { outcomes, departments }
}

function readHours(text: string): number | null {
  const hours = /^(0|[1-9]\d{0,4})$/.test(text) ? Number(text) : Number.NaN
  return hours <= mostOpenHours ? hours : null
}

function parseBox(text: string): BoundingBox | null {
  const parts = text.split('~')
  if (parts.length !== 4 || !parts.every((part) => /^-?\d{1,3}(\.\d{1,10})?$/.test(part)))
    return null
  const [west, south, east, north] = parts.map(Number) as [number, number, number, number]
  const valid =
    west < east && south < north && west >= -180 && east <= 180 && south >= -90 && north <= 90
  return valid ? [west, south, east, north] : null
}

/** Leaves out all that is no point, is there before, or is one too many. */
function parsePoints(texts: readonly string[]): QuantisedPoint[] {
  const points = [...new Set(texts)]
    .filter((text) => /^(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})$/.test(text))
    .map((text) => text.split('.').map(Number) as [number, number])
  return points.filter((point) => Math.max(...point) <= quantum).slice(0, maxExceptPoints)
}

/** The RPCs' `p_filter`. */
export function filterToRpc(filter: IncidentFilter): Record<string, unknown> {
  return {
    ...(filter.period && { from: filter.period.from, to: filter.period.to }),
    ...(filter.areas.length && { areas: filter.areas }),
    ...(filter.categories.length && { categories: filter.categories }),
    ...(filter.stages.length && { stages: filter.stages }),
    ...(filter.openOnly && { openOnly: true }),
    ...(filter.onHoldOnly && { onHoldOnly: true }),
    ...(filter.due.length && { due: filter.due }),
    ...(filter.bbox && { bbox: filter.bbox }),
    ...(filter.exceptPoints.length && { exceptPoints: filter.exceptPoints }),
    ...(filter.answers && answersToRpc(filter.answers)),
    ...(filter.handling && {
      handling: filter.handling.outcomes,
      ...(filter.handling.departments.length && { handlers: filter.handling.departments }),
    }),
    ...(filter.openLonger !== null && { openLonger: filter.openLonger }),
  }
}

const answersToRpc = ({ said, closed, closers }: AnswerFilter): Record<string, unknown> => ({
  answers: said,
  ...(closed && { closedFrom: closed.from, closedTo: closed.to }),
  ...(closers.length && { closers }),
})
