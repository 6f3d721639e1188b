import { people } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'

/**
 * The closed loop as the issue and the standard tell it, written without a look at the rows of SQL: what an
 * incident is, who may do which step when, and what the step changes.
 */
export interface Model {
  state: string
  /** Of the service class: no verification in the street. */
  isService: boolean
  /** Reported through our own app by field staff, so it needs no verification. */
  isTrusted: boolean
  reporter: Person | null
  needsPhotos: boolean
  department: string | null
  handler: string | null
  pending: 'extension' | 'hold' | null
  onHold: boolean
  wasHeld: boolean
  extensions: number
  rework: number
  reopened: number
  supervision: number | null
  version: number
  handledBy: readonly Person[]
}

export type Fields = Record<string, unknown>

const managers = ['manager', 'admin']
const leaders = ['leader']
const approvers = ['manager', 'leader', 'admin']
const fieldStaff = ['field', 'stranger']
const handlers: Record<string, readonly string[]> = {
  // the stranger is field staff and handler at once
  public_works: ['handler', 'stranger'],
  water: ['otherManager'],
}

const isHandler = (m: Model, who: Person) =>
  m.department !== null && (handlers[m.department] ?? []).includes(who)
const mayCheck = (m: Model, who: Person) =>
  [...managers, ...fieldStaff].includes(who) && !isHandler(m, who) && !m.handledBy.includes(who)

/** True for people who see an incident of the grid N-1_A. */
export const sees = (m: Model, who: Person): boolean =>
  [...managers, ...leaders, ...fieldStaff].includes(who) || isHandler(m, who)

const beforeFiling = ['reported', 'verifying', 'verified', 'refuted']
const openStates = [...beforeFiling, 'filed', 'returned', 'dispatched', 'handled']
export const states = [...openStates, 'closed', 'rejected', 'merged']
export const stageOf = (state: string): string =>
  beforeFiling.includes(state) ? 'reported' : state === 'returned' ? 'filed' : state

interface Rule {
  from: readonly string[]
  who: (m: Model, who: Person, fields: Fields) => boolean
  when?: (m: Model, who: Person, fields: Fields) => boolean
  needs?: readonly string[] | ((m: Model) => readonly string[])
  to?: (m: Model, fields: Fields) => string
  then?: (m: Model, fields: Fields) => Partial<Model>
}

const byManager = (_: Model, who: Person) => managers.includes(who)
const byLeader = (_: Model, who: Person) => leaders.includes(who)

const rules: Record<string, Rule> = {
  verify: {
    from: ['reported', 'verifying'],
    who: (_, who) => [...managers, ...fieldStaff].includes(who),
    when: (m, who) => !m.isService && who !== m.reporter,
    needs: ['isTrue'],
    to: (_, { isTrue }) => (isTrue ? 'verified' : 'refuted'),
  },
  file: {
    from: ['reported', 'verified'],
    who: byManager,
    when: (m) => m.isService || m.state === 'verified' || m.isTrusted,
    to: () => 'filed',
  },
  reject: { from: beforeFiling, who: byManager, needs: ['note'], to: () => 'rejected' },
  merge: { from: [...beforeFiling, 'filed'], who: byManager, needs: ['into'], to: () => 'merged' },
  dispatch: {
    from: ['filed', 'returned'],
    who: byManager,
    needs: ['department'],
    to: () => 'dispatched',
    then: (_, { department, handler = null }) => ({
      department: department as string,
      handler: handler as string | null,
    }),
  },
  give_back: { from: ['returned'], who: byManager, needs: ['note'], to: () => 'dispatched' },
  return: {
    from: ['dispatched'],
    who: isHandler,
    needs: ['note'],
    to: () => 'returned',
    then: () => ({ handler: null }),
  },
  handle: {
    from: ['dispatched'],
    who: isHandler,
    needs: (m) => (m.needsPhotos ? ['note', 'photos'] : ['note']),
    to: () => 'handled',
  },
  request_extension: {
    from: ['dispatched'],
    who: isHandler,
    when: (m) => m.pending === null && m.extensions < 2,
    needs: ['note'],
    then: () => ({ pending: 'extension' }),
  },
  decide_extension: {
    from: ['dispatched'],
    who: (_, who) => approvers.includes(who),
    when: (m, who, { isApproved }) =>
      m.pending === 'extension' && (isApproved !== true || who !== 'manager' || m.extensions === 0),
    needs: ['isApproved'],
    then: (m, { isApproved }) => ({
      pending: null,
      extensions: m.extensions + (isApproved === true ? 1 : 0),
    }),
  },
  request_hold: {
    from: ['filed', 'dispatched'],
    who: (m, who) => isHandler(m, who) || who === 'manager',
    when: (m) => m.pending === null && !m.wasHeld,
    needs: ['until', 'note'],
    then: () => ({ pending: 'hold' }),
  },
  refuse_hold: {
    from: ['filed', 'dispatched'],
    who: byLeader,
    when: (m) => m.pending === 'hold',
    needs: ['note'],
    then: () => ({ pending: null }),
  },
  hold: {
    from: ['filed', 'dispatched'],
    who: byLeader,
    when: (m) => !m.wasHeld,
    needs: ['until'],
    then: () => ({ pending: null, onHold: true, wasHeld: true }),
  },
  resume: {
    from: ['filed', 'dispatched'],
    who: (_, who) => approvers.includes(who),
    when: (m) => m.onHold,
    then: () => ({ onHold: false }),
  },
  milestone: { from: ['dispatched'], who: isHandler, needs: ['milestone'] },
  check_pass: { from: ['handled'], who: mayCheck, to: () => 'closed' },
  check_fail: {
    from: ['handled'],
    who: mayCheck,
    needs: ['note'],
    to: () => 'dispatched',
    then: (m) => ({ rework: m.rework + 1 }),
  },
  reopen: {
    from: ['closed', 'rejected'],
    who: (m, who) => approvers.includes(who) || (m.state === 'closed' && who === m.reporter),
    needs: ['note'],
    to: (m) =>
      m.state === 'rejected' ? 'reported' : m.department === null ? 'filed' : 'dispatched',
    then: (m) => ({ reopened: m.reopened + 1 }),
  },
  escalate: {
    from: openStates,
    who: byLeader,
    when: (m) => m.supervision === null,
    needs: ['kind', 'level', 'replyBy', 'note'],
    then: (_, { level }) => ({ supervision: level as number }),
  },
  reply: {
    from: openStates,
    who: (m, who) => managers.includes(who) || isHandler(m, who),
    when: (m) => m.supervision !== null,
    needs: ['note'],
    then: () => ({ supervision: null }),
  },
  assign: {
    from: ['reported', 'verifying', 'dispatched', 'handled'],
    who: (m, who) => managers.includes(who) || (m.state === 'dispatched' && isHandler(m, who)),
    when: (m) => !m.isService || !beforeFiling.includes(m.state),
    needs: ['assignee'],
    to: (m) => (m.state === 'reported' ? 'verifying' : m.state),
    then: (m, { assignee }) => (m.state === 'dispatched' ? { handler: assignee as string } : {}),
  },
}

export const names = [...Object.keys(rules), 'fly']

/** Somebody who may be asked in this state: a handler while it is dispatched, else field staff. */
export const assigneeIn = (m: Model): string =>
  m.state === 'dispatched'
    ? people[(m.department === 'water' ? 'otherManager' : 'handler') satisfies Person]
    : people.field

const whileOnHold = ['resume', 'escalate', 'reply']

/** The incident after the step, or null when it is refused. */
export function after(m: Model, who: Person, name: string, fields: Fields): Model | null {
  const rule = rules[name]
  if (rule === undefined || !sees(m, who) || !rule.from.includes(m.state)) return null
  if (m.onHold && !whileOnHold.includes(name)) return null
  if (!rule.who(m, who, fields) || rule.when?.(m, who, fields) === false) return null
  const needs = typeof rule.needs === 'function' ? rule.needs(m) : (rule.needs ?? [])
  if (needs.some((field) => fields[field] === undefined)) return null
  const state = rule.to?.(m, fields) ?? m.state
  const next: Model = { ...m, ...rule.then?.(m, fields), state, version: m.version + 1 }
  if (state !== m.state) {
    next.pending = null
    // a demand ends with the case
    if (!openStates.includes(state)) next.supervision = null
    if (state === 'handled') next.handledBy = [...m.handledBy, who]
  }
  return next
}
