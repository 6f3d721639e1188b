/** Rates reckoned anew from every clock, one incident after the other, to compare with the database's. */

export interface ModelClock {
  kind: string
  seq: number
  department: string | null
  isRunning: boolean
  /** Milliseconds; null when stopped. */
  due: number | null
  used: number | null
  limit: number | null
}

export interface ModelIncident {
  stage: string
  onHold: boolean
  department: string | null
  channel: string
  rework: number
  extensions: number
  isRepeat: boolean
  isExempt: boolean
  clocks: readonly ModelClock[]
}

type Verdict = 'in_time' | 'late' | 'overdue' | 'running' | null
type Fraction = [numerator: number, denominator: number]

const openStages = ['reported', 'filed', 'dispatched', 'handled']
const filedStages = ['filed', 'dispatched', 'handled', 'closed']
const stages = ['verifying', 'filing', 'dispatch', 'handling', 'checking', 'closing'] as const

/** @returns the fraction of each rate, as in `rates` of incident_rates */
export function expectedRates(
  incidents: readonly ModelIncident[],
  at: number,
  trusted: readonly string[],
): { counted: number; held: number; rates: Record<string, Fraction> } {
  const rates: Record<string, Fraction> = {}
  const add = (rate: string, isDue: boolean, isCounted: boolean): void => {
    const [numerator, denominator] = rates[rate] ?? [0, 0]
    rates[rate] = [numerator + Number(isDue && isCounted), denominator + Number(isDue)]
  }
  const known = incidents.map((one) => ({ one, clocks: ownClocks(one) }))
  const clocked = known.filter(({ one, clocks }) => clocks.length > 0 && !one.isExempt)
  for (const { one, clocks } of clocked.filter((entry) => !entry.one.onHold)) {
    const verdicts = verdictsOf(one, clocks, at)
    for (const stage of stages) {
      const verdict = verdicts[stage]
      const isDone = verdict === 'in_time' || verdict === 'late'
      const isDue = isDone || verdict === 'overdue'
      add(stage, isDue, isDone)
      const isJudged = stage === 'filing' ? isDone : isDue
      add(`${stage}_in_time`, isJudged, verdict === 'in_time')
      add(`${stage}_overdue`, isJudged, verdict !== 'in_time')
    }
    const isDueTo = (stage: 'closing' | 'handling'): boolean =>
      verdicts[stage] !== null && verdicts[stage] !== 'running'
    const isFiled = filedStages.includes(one.stage)
    add('closing_late', isDueTo('closing'), verdicts.closing === 'late')
    add('not_closed', true, openStages.includes(one.stage))
    add('rework', isDueTo('closing'), one.rework > 0)
    add('extension', isDueTo('handling'), one.extensions > 0)
    add('repeat', isFiled, one.isRepeat)
    add('valid', isFiled || one.stage === 'rejected', isFiled)
    add('found_by_public', isFiled, !trusted.includes(one.channel))
  }
  const held = clocked.filter(({ one }) => one.onHold).length
  return { counted: clocked.length - held, held, rates }
}

const ownClocks = ({ clocks, department }: ModelIncident): ModelClock[] =>
  clocks.filter(
    (one) => one.kind !== 'milestone' && (one.kind !== 'handle' || one.department === department),
  )

/** 2 past its time, 1 unknown, 0 in time. */
function lateness({ due, used, limit }: ModelClock, at: number): number {
  if ((due !== null && due < at) || (used !== null && limit !== null && used > limit)) return 2
  return due === null && (used === null || limit === null) ? 1 : 0
}

function verdictsOf(
  { stage }: ModelIncident,
  clocks: readonly ModelClock[],
  at: number,
): Record<(typeof stages)[number], Verdict> {
  const worst = (some: readonly ModelClock[]): number | null =>
    some.length === 0 ? null : Math.max(...some.map((one) => lateness(one, at)))
  const of = (...kinds: string[]): ModelClock[] => clocks.filter(({ kind }) => kinds.includes(kind))
  const judge = (late: number | null, isDone: boolean, counts: boolean): Verdict => {
    if (!counts || late === null || late === 1) return null
    if (late === 2) return isDone ? 'late' : 'overdue'
    return isDone ? 'in_time' : 'running'
  }
  const counts = !['rejected', 'merged'].includes(stage)
  const isOpen = openStages.includes(stage)
  const last = Math.max(...clocks.map(({ seq }) => seq))
  const isVerified =
    of('verify').length > 0 && Math.max(...of('verify').map(({ seq }) => seq)) < last
  const isBehind = (from: string): boolean =>
    filedStages.slice(filedStages.indexOf(from)).includes(stage)
  const isClosed = stage === 'closed'
  return {
    verifying: judge(worst(of('verify')), isVerified, isVerified || isOpen),
    filing: judge(worst(of('accept', 'file')), isBehind('filed'), counts),
    dispatch: judge(worst(of('dispatch')), isBehind('dispatched'), counts),
    handling: judge(worst(of('handle')), isBehind('handled'), counts),
    checking: judge(
      worst(of('check')),
      !(isOpen && of('check').some(({ isRunning }) => isRunning)),
      counts,
    ),
    closing: judge(
      isClosed ? worst(clocks) : worst(clocks.filter(({ isRunning }) => isRunning)),
      isClosed,
      counts,
    ),
  }
}
