import { Hono } from 'hono'
import { isTooDeep, objectIn } from '../wire/body.ts'
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
}

const maxArgumentBytes = 256 * 1024

/**
 * POST of a JSON object only: tables, arguments in the address and other formats would bring
 * unlimited text to the database's parsers.
 */
export function rpcDoor({ guards, forward, intake }: RpcDoorOptions): Hono<DoorEnv> {
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
      const path = `/rest/v1/rpc/${context.req.param('name')}`
      return forward({ method: 'POST', path, headers, body: context.var.body })
    },
  )
  return door
}

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
