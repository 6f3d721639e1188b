import { Hono } from 'hono'
import { areaLevels, type AreaLevel } from '../../../src/domain/vocabulary.ts'
import { problem } from '../wire/problem.ts'
import type { DoorContext, DoorEnv, Guard, Guards } from './guards.ts'

const maxBodyBytes = 2_000
const monthText = /^\d{4}-(0[1-9]|1[0-2])$/

interface Wish {
  from: string
  to: string
  level: AreaLevel | null
  /** Of the preview that was looked at. */
  basis: string | null
}

export interface PublishingRefusal {
  refused: string
  message: string
}

/** Public figures, as an admin works with them. */
export interface PublishingDesk {
  /** Admins of the whole city alone. */
  mayPublish(userId: string): Promise<boolean>
  state(): Promise<object>
  publish(
    wish: Wish & { isTrial: boolean; by: string; signal: AbortSignal },
  ): Promise<PublishingRefusal | { figures: object; reasons: object; basis: string }>
  /** False where it is not in force. */
  withdraw(id: number, by: string): Promise<boolean>
}

interface DoorOptions {
  guards: Guards
  publishing: PublishingDesk
  /** Something that no journal holds has changed. */
  onUnjournaledChange(): void
}

/**
 * Public figures by hand: their history, a preview with the reasons for hiding, publishing and
 * withdrawing. For admins of the whole city alone, which the database judges in each call.
 */
export function publicationsDoor({ guards, publishing, onUnjournaledChange }: DoorOptions) {
  const door = new Hono<DoorEnv>()
  const unstored = { 'cache-control': 'no-store' }
  const admins: Guard = async (context, next) => {
    const { userId } = context.var.caller
    return (await guards.inTurn(context, () => publishing.mayPublish(userId)))
      ? await next()
      : problem(403, 'admins_only', 'Admins of the whole city alone publish its figures.')
  }
  const body = guards.body(maxBodyBytes)

  door.get('/', guards.caller, admins, guards.turn, async (context) =>
    context.json(await publishing.state(), 200, unstored),
  )
  // No turn is held through an audit.
  door.post('/preview', guards.caller, admins, body, (context) => audited(context, true))
  door.post('/', guards.caller, admins, body, (context) => audited(context, false))
  door.post('/:id{[0-9]{1,9}}/withdraw', guards.caller, admins, guards.turn, async (context) => {
    const id = Number(context.req.param('id'))
    if (!(await publishing.withdraw(id, context.var.caller.userId)))
      return problem(409, 'not_in_force', `There is no publication ${id} in force.`)
    onUnjournaledChange()
    return new Response(null, { status: 204, headers: unstored })
  })

  async function audited(context: DoorContext, isTrial: boolean): Promise<Response> {
    const wish = wishOf(context.var.body)
    if (!wish) return problem(400, 'validation_failed', 'The months or the level are not known.')
    if (!isTrial && !wish.basis)
      return problem(400, 'validation_failed', 'Only what was previewed is published.')
    const { userId: by } = context.var.caller
    const { signal } = context.req.raw
    const done = await publishing.publish({ ...wish, isTrial, by, signal })
    if ('refused' in done) return problem(409, done.refused, done.message)
    if (isTrial) return context.json(done, 200, unstored)
    onUnjournaledChange()
    return context.json({ basis: done.basis }, 200, unstored)
  }
  return door
}

function wishOf(text: string): Wish | null {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof given !== 'object' || given === null) return null
  const { from, to, level = null, basis = null } = given as Record<string, unknown>
  const isMonth = (one: unknown): one is string => typeof one === 'string' && monthText.test(one)
  if (!isMonth(from) || !isMonth(to) || from > to) return null
  const known = areaLevels.slice(1).find((one) => one === level) ?? null
  if (level !== null && known === null) return null
  if (basis !== null && typeof basis !== 'string') return null
  return { from, to, level: known, basis }
}
