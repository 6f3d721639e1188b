import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { areaLevels } from '../../../src/domain/vocabulary.ts'
import { openDatabase } from '../backend/open-database.ts'
import { DatabaseError, type Database } from '../base/database-types.ts'
import { messageOf, ServerError } from '../base/errors.ts'
import { terminalProgress } from '../import/progress.ts'
import {
  beginShardMove,
  continueShardMove,
  readShardState,
  shardFaults,
  type ShardState,
} from '../owner/shard-level.ts'
import { runCommand } from './run-command.ts'

const usage = `npm run city
npm run city -- shard-level
npm run city -- shard-level ${areaLevels.slice(0, -1).join('|')}

  Without arguments: name, time zone and shard level of the city.
  shard-level  The level of the areas that keep incidents together: the code of an incident's area of
               this level begins its key, and a database spread over machines puts each such area on
               one of them. Incidents can be merged only within one. Counts, lists, the map and
               everybody's rights stay as they are. One machine does well with 'city'.
               A change writes every incident again, with all that belongs to it, in batches beside
               people's work. Cut off, it goes on with the next start or with this command.
               Change it before the tables are distributed (Citus): keys cannot change afterwards.`

const lockNotAvailable = '55P03'

async function need(db: Database): Promise<ShardState> {
  const state = await readShardState(db)
  if (!state) throw new ServerError('There is no city yet: start the server once.')
  return state
}

async function tellCity(db: Database): Promise<void> {
  const { level, incidents } = await need(db)
  const [city] = await db.query<{ name: string; zone: string }>(
    'select name, time_zone as zone from public.city_settings',
  )
  console.log(`${city!.name}, ${city!.zone}, ${incidents} incidents, shard level ${level}.`)
}

async function tellLevels(db: Database): Promise<void> {
  const { level: present, levels, lastMove } = await need(db)
  for (const { level, areas, fault } of levels)
    console.log([level, `${areas} areas`, fault ? shardFaults[fault] : 'can be chosen'].join('\t'))
  console.log(`Present level: ${present}.`)
  if (lastMove && !lastMove.finishedAt)
    console.log(
      `Its keys are on their way: ${lastMove.seen} of ${lastMove.total} incidents looked at. ` +
        `npm run city -- shard-level ${present} waits for the rest.`,
    )
}

/** Beside a running server both move batches; the database gives each batch to one of them. */
async function setLevel(db: Database, level: string): Promise<void> {
  const before = await need(db)
  const isUnfinished = before.lastMove?.finishedAt === null && before.level === level
  const fault = isUnfinished ? null : await beginShardMove(db, level)
  if (fault) throw new ServerError(`${level}: ${shardFaults[fault]}`)
  const progress = terminalProgress()
  try {
    for (let isMore = true; isMore;) {
      try {
        isMore = await continueShardMove(db)
      } catch (error) {
        if (!(error instanceof DatabaseError) || error.code !== lockNotAvailable) throw error
        await pause(500)
      }
      const { lastMove } = await need(db)
      if (lastMove) progress.update(`${lastMove.seen} of ${lastMove.total} incidents`)
    }
  } finally {
    progress.done()
  }
  const { lastMove } = await need(db)
  console.log(`Shard level ${level}: ${lastMove?.moved ?? 0} incidents have another key.`)
}

function actionOf(args: string[]): (db: Database) => Promise<void> {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} })
  const [verb, level, ...rest] = positionals
  if (verb === undefined) return tellCity
  if (verb !== 'shard-level' || rest.length > 0) throw new ServerError(usage)
  return level === undefined ? tellLevels : (db) => setLevel(db, level)
}

await runCommand(async (args) => {
  if (args.includes('--help')) return console.log(usage)
  let action: ReturnType<typeof actionOf>
  try {
    action = actionOf(args)
  } catch (error) {
    throw error instanceof ServerError ? error : new ServerError(`${messageOf(error)}\n${usage}`)
  }
  const db = await openDatabase()
  try {
    await action(db)
  } finally {
    await db.close()
  }
})
