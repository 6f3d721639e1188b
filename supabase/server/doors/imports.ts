import { Hono } from 'hono'
import type { Context } from 'hono'
import { objectIn } from '../wire/body.ts'
import { problem } from '../wire/problem.ts'
import type { DoorEnv, Guards } from './guards.ts'

/** Why a wish is not fulfilled; nothing happened. */
export type DeskRefusal =
  | 'import_busy'
  | 'import_no_file'
  | 'import_no_job'
  | 'import_bad_wish'
  | 'import_too_large'
  | 'import_no_room'
  | 'import_broken_off'
  | 'import_too_slow'
  | 'import_unknown'

export type DeskAnswer<T> = { refusal: DeskRefusal } | { answer: T }

/** Where admins hand in files of the city. */
export interface ImportDesk {
  /** Whether the person is an admin of the whole city. */
  isAdmin(userId: string): Promise<boolean>
  state(userId: string): Promise<object>
  /** Keeps the body as the one file of the desk. @param name as the person's device calls it */
  receive(request: Request, userId: string, name: string): Promise<DeskAnswer<object>>
  /** Removes the file of the desk. */
  discard(): Promise<DeskAnswer<object>>
  start(userId: string, wish: Record<string, unknown>): Promise<DeskAnswer<object>>
  /** Ends the work under way; its report says what is stored. */
  stop(): DeskAnswer<object>
  keepMapping(userId: string, wish: Record<string, unknown>): Promise<DeskAnswer<object>>
  deleteMapping(name: string): Promise<DeskAnswer<object>>
  report(name: string): Promise<DeskAnswer<object>>
  /** Lines that a report names, as CSV. */
  rejected(name: string): Promise<DeskAnswer<ReadableStream>>
}

const wishBytes = 1024 * 1024

const refusals: Record<DeskRefusal, [status: number, message: string]> = {
  import_busy: [409, 'Another import is under way. One runs at a time.'],
  import_no_file: [409, 'There is no file: send it again.'],
  import_no_job: [409, 'Nothing is under way.'],
  import_bad_wish: [400, 'The request is not one that this server knows.'],
  import_too_large: [413, 'The file is larger than this server takes.'],
  import_no_room: [507, 'The disk of the server has no room for this file.'],
  import_broken_off: [400, 'The file did not arrive whole. Nothing was kept.'],
  import_too_slow: [408, 'Nothing of the file arrived for a minute. Nothing was kept.'],
  import_unknown: [404, 'There is nothing of this name.'],
}

const unstored = { 'cache-control': 'no-store' }

/** A first look at files of the city and their import, for admins of the whole city. */
export function importsDoor({ guards, desk }: { guards: Guards; desk: ImportDesk }) {
  const door = new Hono<DoorEnv>()
  door.use(guards.caller)
  // before the body: a file of others is not read
  door.use(async (context, next) => {
    const { userId } = context.var.caller
    if (!(await guards.inTurn(context, () => desk.isAdmin(userId))))
      return problem(403, 'not_allowed', 'Imports are for admins of the whole city.')
    return await next()
  })
  const answerOf = (context: Context<DoorEnv>, result: DeskAnswer<object>): Response => {
    if ('answer' in result) return context.json(result.answer, 200, unstored)
    const [status, message] = refusals[result.refusal]
    return problem(status, result.refusal, message)
  }
  const wishOf = (context: Context<DoorEnv>): Record<string, unknown> =>
    objectIn(context.var.body) ?? {}

  door.get('/state', guards.turn, async (context) =>
    context.json(await desk.state(context.var.caller.userId), 200, unstored),
  )
  // the file travels without holding a turn
  door.put('/file', async (context) => {
    const name = context.req.query('name') ?? ''
    return answerOf(context, await desk.receive(context.req.raw, context.var.caller.userId, name))
  })
  door.delete('/file', async (context) => answerOf(context, await desk.discard()))
  door.post('/job', guards.body(wishBytes), async (context) =>
    answerOf(context, await desk.start(context.var.caller.userId, wishOf(context))),
  )
  door.delete('/job', (context) => answerOf(context, desk.stop()))
  door.put('/mappings', guards.body(wishBytes), guards.turn, async (context) =>
    answerOf(context, await desk.keepMapping(context.var.caller.userId, wishOf(context))),
  )
  door.delete('/mappings', guards.turn, async (context) =>
    answerOf(context, await desk.deleteMapping(context.req.query('name') ?? '')),
  )
  door.get('/reports/:name', async (context) =>
    answerOf(context, await desk.report(context.req.param('name'))),
  )
  door.get('/reports/:name/rejected', async (context) => {
    const result = await desk.rejected(context.req.param('name'))
    if (!('answer' in result)) return answerOf(context, result)
    const headers = { ...unstored, 'content-type': 'text/csv; charset=utf-8' }
    return new Response(result.answer, { headers })
  })
  return door
}
