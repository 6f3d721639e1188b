import { closing } from './closing.ts'
import { closingByArea } from './closing-by-area.ts'
import { commentTerms } from './comment-terms.ts'
import { fairRanking } from './fair-ranking.ts'
import { findings, findingsInParts } from './findings.ts'
import { heat } from './heat.ts'
import { hotspotCells, hotspotCellsInParts } from './hotspot-cells.ts'
import { hotspots, hotspotsInParts } from './hotspots.ts'
import { outbreaks, outbreaksInParts } from './outbreaks.ts'
import { patterns, patternsInParts } from './patterns.ts'
import { projection } from './projection.ts'
import { quality, qualityInParts } from './quality.ts'
import { repeatPlaces, repeatPlacesInParts } from './repeat-places.ts'
import { ratingTrend } from './rating-trend.ts'
import { satisfaction } from './satisfaction.ts'
import { smoothedRates } from './smoothed-rates.ts'
import { weekHours } from './week-hours.ts'
import { windowCounts } from './window-counts.ts'

/** Lists every question; add a new one here. */
export const questions = {
  projection,
  heat,
  closing,
  closingByArea,
  findings,
  hotspotCells,
  hotspots,
  smoothedRates,
  weekHours,
  windowCounts,
  quality,
  outbreaks,
  patterns,
  repeatPlaces,
  satisfaction,
  fairRanking,
  ratingTrend,
  commentTerms,
}

/** The same questions as `slowQuestions`. */
export const questionsInParts = {
  findings: findingsInParts,
  hotspots: hotspotsInParts,
  hotspotCells: hotspotCellsInParts,
  outbreaks: outbreaksInParts,
  patterns: patternsInParts,
  quality: qualityInParts,
  repeatPlaces: repeatPlacesInParts,
}

type Questions = typeof questions
export type QuestionName = keyof Questions
export type OptionsOf<N extends QuestionName> = Parameters<Questions[N]>[2]
export type AnswerOf<N extends QuestionName> = ReturnType<Questions[N]>
