import type { HeatGrid, HeatRequest } from '../../domain/answers/heat-grid.ts'
import { density } from '../count/density.ts'
import type { Question } from './question.ts'

export const heat: Question<HeatRequest, HeatGrid> = (rows, world, request) =>
  density(rows.months, world.cityBbox, request)
