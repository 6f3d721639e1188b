import {
  importanceSatisfaction,
  type ImportanceSatisfaction,
} from '../../stats/importance-satisfaction.ts'
import type { WaveRow } from './waves.ts'

/** How much a topic asks to be worked on; null where importance or satisfaction was not asked. */
export function emphasisOf({ important, satisfied }: WaveRow): ImportanceSatisfaction | null {
  if (important === null || important === undefined || satisfied === null) return null
  return importanceSatisfaction(important, satisfied)
}
