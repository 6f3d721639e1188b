import type { Projection } from '../../domain/answers/projection.ts'
import { monthNumber } from '../../domain/time/calendar.ts'
import type { FilteredRows } from '../count/filtered-rows.ts'
import { project } from '../count/project.ts'
import type { Question, QuestionWorld } from './question.ts'

/** By rows: the page asks for the projection first, and other questions count from it. */
const known = new WeakMap<FilteredRows, { world: QuestionWorld; answer: Projection }>()

export const projection: Question<null, Projection> = (rows, world) => {
  const last = known.get(rows)
  if (last?.world === world) return last.answer
  const lastMonth = monthNumber(
    new Date(world.asOfWallMinutes * 60_000).toISOString().slice(0, 'YYYY-MM'.length),
  )
  const answer = project(rows.set, rows.filter, world, lastMonth)
  known.set(rows, { world, answer })
  return answer
}
