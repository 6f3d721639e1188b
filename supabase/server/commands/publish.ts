import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { areaLevels, type AreaLevel } from '../../../src/domain/vocabulary.ts'
import { openDatabase } from '../backend/open-database.ts'
import { DatabaseError } from '../base/database-types.ts'
import type { Database } from '../base/database-types.ts'
import { messageOf, ServerError } from '../base/errors.ts'
import { writeDurably } from '../base/files.ts'
import {
  listPublications,
  publish,
  readNewestPublication,
  withdrawPublication,
} from '../publish/publications.ts'
import { runCommand } from './run-command.ts'

const usage = `npm run publish -- --from 2026-01 --to 2026-10 [--level community] [--trial]
npm run publish -- list
npm run publish -- withdraw NUMBER
npm run publish -- file dist/figures.json

  Publishes the counts of whole months, by area, month and top category, and residents' answers, on
  /public, where nobody signs in. Small figures are hidden, and others that would give them away.
  --level  of the smallest areas; chosen once, with the first publication
  --trial  says what would be hidden and stores nothing
  A withdrawn publication is no longer served. What it told is counted on for good.
  'file' writes the newest publication beside an app that a static host serves, or removes the file
  once all are withdrawn: repeat it after each change.`

const isMonth = (text: string): boolean => /^\d{4}-(0[1-9]|1[0-2])$/.test(text)

function actionOf(args: string[]): (db: Database) => Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      from: { type: 'string' },
      to: { type: 'string' },
      level: { type: 'string' },
      trial: { type: 'boolean', default: false },
    },
  })
  const [verb, number] = positionals
  if (verb === 'list') return list
  if (verb === 'withdraw') {
    const id = Number(number)
    if (!Number.isInteger(id)) throw new ServerError(usage)
    return async (db) => {
      await withdrawPublication(db, id)
      console.log(`Publication ${id} is no longer served.`)
    }
  }
  if (verb === 'file') {
    if (!number) throw new ServerError(usage)
    return (db) => writeNewest(db, number)
  }
  const { from, to = from, level = null, trial: isTrial } = values
  const isLevel = level === null || areaLevels.slice(1).some((one) => one === level)
  const isPeriod = from && to && isMonth(from) && isMonth(to) && from <= to
  if (verb || !isPeriod || !isLevel) throw new ServerError(usage)
  return async (db) => {
    const options = { from, to, level: level as AreaLevel | null, isTrial }
    const { shown, hidden, exposed } = await publish(db, options)
    const done = isTrial ? 'would show' : 'shows'
    console.log(`The publication of ${from} to ${to} ${done} ${shown} figures and hides ${hidden}.`)
    if (exposed > 0)
      console.log(
        `It would be refused: ${exposed} small figures would follow from what earlier publications told.`,
      )
  }
}

async function list(db: Database): Promise<void> {
  const all = await listPublications(db)
  for (const { id, publishedAt, from, to, isWithdrawn } of all)
    console.log(
      [
        id,
        publishedAt.slice(0, 16).replace('T', ' '),
        `${from} to ${to}`,
        isWithdrawn ? 'withdrawn' : '',
      ].join('\t'),
    )
  if (all.length === 0) console.log('Nothing has been published yet.')
}

async function writeNewest(db: Database, path: string): Promise<void> {
  const text = await readNewestPublication(db)
  if (text === null) rmSync(path, { force: true })
  else writeDurably(path, text)
  console.log(text === null ? `Nothing is published: ${path} is gone.` : `${path} is written.`)
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
  } catch (error) {
    // The database's own refusal is a sentence.
    throw error instanceof DatabaseError && error.code === '22023'
      ? new ServerError(error.message)
      : error
  } finally {
    await db.close()
  }
})
