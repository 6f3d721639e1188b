import { Hono } from 'hono'
import type { Backend } from '../backend/backend.ts'
import { isTooDeep, objectIn } from '../wire/body.ts'
import { encodingFor } from '../wire/compress.ts'
import { problem } from '../wire/problem.ts'
import { maxCommandBytes } from './command-intake.ts'
import type { CommandIntake } from './command-intake.ts'
import type { Forward } from './forward.ts'
import { tooDeep } from './guards.ts'
import type { DoorContext, DoorEnv, Guard, Guards } from './guards.ts'

export interface RpcDoorOptions {
  guards: Guards
  forward: Forward
  intake: CommandIntake
  backend: Pick<Backend, 'months' | 'columns'>
}

const maxArgumentBytes = 256 * 1024

/**
 * POST of a JSON object only: tables, arguments in the address and other formats would bring
 * unlimited text to the database's parsers.
 */
export function rpcDoor({ guards, forward, intake, backend }: RpcDoorOptions): Hono<DoorEnv> {
  const door = new Hono<DoorEnv>()

  door.all(
    '/rpc/apply_commands',
    guards.caller,
    onlyPlainPost,
    guards.body(maxCommandBytes),
    guards.turn,
    async (context) => {
      const args = argumentsOf(context)
      if (args instanceof Response) return args
      const { caller, body } = context.var
      const { headers } = context.req.raw
      const isPlain = Object.keys(args).length === 1 && wantsJson(headers)
      const { p_commands: commands } = args
      return intake.apply({ userId: caller.userId, headers, body, commands, isPlain })
    },
  )
  door.all(
    '/rpc/:name{[a-z_][a-z0-9_]{0,62}}',
    guards.caller,
    onlyPlainPost,
    guards.body(maxArgumentBytes),
    guards.turn,
    async (context) => {
      const args = argumentsOf(context)
      if (args instanceof Response) return args
      const { headers } = context.req.raw
      const kept = wantsJson(headers) ? await keptAnswer(backend, context, args) : null
      if (kept) return kept
      const path = `/rest/v1/rpc/${context.req.param('name')}`
      return forward({ method: 'POST', path, headers, body: context.var.body })
    },
  )
  return door
}

/** From months that the backend keeps; null for any other call, and for one that it would refuse. */
async function keptAnswer(
  backend: RpcDoorOptions['backend'],
  context: DoorContext,
  args: Record<string, unknown>,
): Promise<Response | null> {
  const { userId } = context.var.caller
  const { name } = context.req.param() as { name: string }
  const headers = new Headers({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  })
  if (name === 'incident_months' && Object.keys(args).length === 0) {
    const months = await backend.months(userId)
    return months === null ? null : new Response(months, { headers })
  }
  if (name !== 'incident_columns' || Object.keys(args).join() !== 'p_months') return null
  if (!areMonths(args.p_months)) return null
  const encoding = encodingFor(context.req.header('accept-encoding'))
  const packed = await backend.columns(userId, args.p_months, encoding)
  if (packed?.encoding) headers.set('content-encoding', packed.encoding)
  return packed && new Response(packed.body, { headers })
}

/** As the database takes them. */
const areMonths = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= 120 &&
  value.every((one) => typeof one === 'string' && /^[0-9]{4}-(0[1-9]|1[0-2])$/.test(one)) &&
  value.every((one) => one >= '0001')

const wantsJson = (headers: Headers): boolean =>
  ['*/*', 'application/json'].includes(headers.get('accept') ?? '*/*') &&
  !headers.has('prefer') &&
  !headers.has('range')

const onlyPlainPost: Guard = async ({ req }, next) => {
  if (req.method !== 'POST') {
    return problem(405, 'post_only', 'Functions are called by POST.', { allow: 'POST' })
  }
  if (new URL(req.url).search) {
    return problem(400, 'bad_arguments', 'Arguments are sent in the body.')
  }
  return await next()
}

function argumentsOf(context: DoorContext): Record<string, unknown> | Response {
  const args = objectIn(context.var.body)
  if (!args) return problem(400, 'bad_arguments', 'The body is an object of arguments in JSON.')
  // The database parses a string as JSON for a json argument.
  const isDeep = Object.values(args).some((value) => typeof value === 'string' && isTooDeep(value))
  return isDeep ? tooDeep() : args
}
