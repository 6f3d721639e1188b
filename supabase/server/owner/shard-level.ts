import { areaLevels, type AreaLevel } from '../../../src/domain/vocabulary.ts'
import type { Database } from '../base/database-types.ts'

/** Reasons against a level; the app words them by code. */
export const shardFaults = {
  unknown_level: `It is one of ${areaLevels.slice(0, -1).join(', ')}.`,
  too_small:
    'A grid is too small: incidents can be merged only within one, and neighbours report the same place from both sides of a border.',
  no_areas: 'The city has no areas of this level. Import them first: npm run import -- areas.',
  present: 'This is the present level.',
} as const
export type ShardFault = keyof typeof shardFaults

export interface ShardMove {
  from: AreaLevel
  to: AreaLevel
  startedAt: string
  /** Null by the command. */
  startedBy: string | null
  finishedAt: string | null
  /** Another level was chosen before the end. */
  isReplaced: boolean
  /** Incidents when it began, and of these those looked at. */
  total: number
  seen: number
  moved: number
  /** All were seen; those that changed meanwhile are looked at again. */
  isChecking: boolean
}

export interface ShardState {
  level: AreaLevel
  levels: { level: AreaLevel; areas: number; fault: ShardFault | null }[]
  incidents: number
  lastMove: ShardMove | null
}

type Asked = Pick<Database, 'query'>

export async function readShardState(db: Asked): Promise<ShardState | null> {
  const [row] = await db.query<{ state: ShardState }>('select private.shard_state() as state')
  return row?.state ?? null
}

/** @returns the reason against it; null when the level is set and the keys begin to follow */
export async function beginShardMove(
  db: Asked,
  level: string,
  by: string | null = null,
): Promise<ShardFault | null> {
  const [row] = await db.query<{ fault: ShardFault | null }>(
    'select private.begin_shard_move($1::text, $2::uuid) as fault',
    [level, by],
  )
  return row?.fault ?? null
}

/** Moves the keys of one batch. @returns whether there is more to do */
export async function continueShardMove(db: Asked): Promise<boolean> {
  const [row] = await db.query<{ isMore: boolean }>(
    'select private.continue_shard_move() as "isMore"',
  )
  return row?.isMore ?? false
}
