import { Hono } from 'hono'
import type { Database } from '../base/database-types.ts'
import { beginShardMove, readShardState, shardFaults } from '../owner/shard-level.ts'
import { problem } from '../wire/problem.ts'
import type { DoorEnv, Guard, Guards } from './guards.ts'

const maxBodyBytes = 200

interface DoorOptions {
  guards: Guards
  /** With the owner's rights. */
  database(): Database
  /** Something that no journal holds has changed. */
  onUnjournaledChange(): void
}

/** Settings of the city, for admins of the whole city alone: the shard level. The database judges in each call. */
export function cityDoor({ guards, database, onUnjournaledChange }: DoorOptions) {
  const door = new Hono<DoorEnv>()
  const unstored = { 'cache-control': 'no-store' }
  const admins: Guard = async (context, next) => {
    const mayEdit = await guards.inTurn(context, async () => {
      const [row] = await database().query<{ may: boolean }>(
        'select private.may_edit_rules($1::uuid, now()) as may',
        [context.var.caller.userId],
      )
      return row?.may ?? false
    })
    return mayEdit
      ? await next()
      : problem(403, 'admins_only', 'Admins of the whole city alone change its settings.')
  }

  door.get('/shard-level', guards.caller, admins, guards.turn, async (context) =>
    context.json(await readShardState(database()), 200, unstored),
  )
  door.post(
    '/shard-level',
    guards.caller,
    admins,
    guards.body(maxBodyBytes),
    guards.turn,
    async (context) => {
      const level = levelOf(context.var.body)
      if (level === null) return problem(400, 'validation_failed', 'The level is missing.')
      const { userId } = context.var.caller
      const fault = await beginShardMove(database(), level, userId)
      if (fault) return problem(409, fault, shardFaults[fault])
      onUnjournaledChange()
      return context.json(await readShardState(database()), 200, unstored)
    },
  )
  return door
}

function levelOf(text: string): string | null {
  try {
    const { level } = JSON.parse(text) as { level?: unknown }
    return typeof level === 'string' ? level : null
  } catch {
    return null
  }
}
