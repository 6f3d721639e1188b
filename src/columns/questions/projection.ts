import type { Projection } from '../../domain/answers/projection.ts'
import { monthNumber } from '../../domain/time/calendar.ts'
import { project } from '../count/project.ts'
import type { Question } from './question.ts'

export const projection: Question<null, Projection> = (rows, world) => {
  const lastMonth = monthNumber(
    new Date(world.asOfWallMinutes * 60_000).toISOString().slice(0, 'YYYY-MM'.length),
  )
  return project(rows.set, rows.filter, world, lastMonth)
}
