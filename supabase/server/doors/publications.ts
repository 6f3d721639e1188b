import { Hono } from 'hono'
import { areaLevels, type AreaLevel } from '../../../src/domain/vocabulary.ts'
import { DatabaseError } from '../base/database-types.ts'
import type { Database } from '../base/database-types.ts'
import { ServerError } from '../base/errors.ts'
import { compileInThread } from '../publish/compile-job.ts'
import {
  listPublications,
  publish,
  PublishRefusal,
  withdrawPublication,
} from '../publish/publications.ts'
import { readPublishingState } from '../publish/publishing-state.ts'
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

interface DoorOptions {
  guards: Guards
  /** With the owner's rights. */
  database(): Database
  /** Something that no journal holds has changed. */
  onUnjournaledChange(): void
}

/**
 * Public figures by hand: their history, a preview with the reasons for hiding, publishing and
 * withdrawing. For admins of the whole city alone, which the database judges in each call.
 */
export function publicationsDoor({ guards, database, onUnjournaledChange }: DoorOptions) {
  const door = new Hono<DoorEnv>()
  const unstored = { 'cache-control': 'no-store' }
  /** One audit at a time: it takes a whole core. */
  let isAuditing = false

  const admins: Guard = async (context, next) => {
    const { userId } = context.var.caller
    const [row] = await guards.inTurn(context, () =>
      database().query<{ may: boolean }>('select private.may_edit_rules($1::uuid, now()) as may', [
        userId,
      ]),
    )
    return row?.may
      ? await next()
      : problem(403, 'admins_only', 'Admins of the whole city alone publish its figures.')
  }
  const body = guards.body(maxBodyBytes)

  door.get('/', guards.caller, admins, guards.turn, async (context) => {
    const [state, publications] = [
      await readPublishingState(database()),
      await listPublications(database()),
    ]
    return context.json({ ...state, publications: publications.toReversed() }, 200, unstored)
  })
  // No turn is held through an audit.
  door.post('/preview', guards.caller, admins, body, (context) => audited(context, true))
  door.post('/', guards.caller, admins, body, (context) => audited(context, false))
  door.post('/:id{[0-9]{1,9}}/withdraw', guards.caller, admins, guards.turn, async (context) => {
    const id = Number(context.req.param('id'))
    try {
      await withdrawPublication(database(), id, context.var.caller.userId)
    } catch (error) {
      if (error instanceof ServerError) return problem(409, 'not_in_force', error.message)
      throw error
    }
    onUnjournaledChange()
    return new Response(null, { status: 204, headers: unstored })
  })

  async function audited(context: DoorContext, isTrial: boolean): Promise<Response> {
    const wish = wishOf(context.var.body)
    if (!wish) return problem(400, 'validation_failed', 'The months or the level are not known.')
    if (!isTrial && !wish.basis)
      return problem(400, 'validation_failed', 'Only what was previewed is published.')
    if (isAuditing) return problem(409, 'auditing', 'Another audit is under way.')
    isAuditing = true
    try {
      const { userId: by } = context.var.caller
      const compile: typeof compileInThread = (wanted) =>
        compileInThread(wanted, context.req.raw.signal)
      const done = await publish(database(), { ...wish, isTrial, by, compile })
      if (!isTrial) onUnjournaledChange()
      const { figures, reasons, ...rest } = done
      return context.json(isTrial ? { figures, reasons, ...rest } : rest, 200, unstored)
    } catch (error) {
      if (error instanceof PublishRefusal) return problem(409, error.code, error.message)
      if (error instanceof DatabaseError && error.code === '22023')
        return problem(409, 'not_over_or_other_level', error.message)
      throw error
    } finally {
      isAuditing = false
    }
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
