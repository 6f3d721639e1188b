import { isOfFinding, type Dismissal, type FindingKey } from '../answers/finding-marks.ts'
import type { Finding, Findings } from '../answers/findings.ts'
import type { Hotspots } from '../answers/hotspots.ts'
import type { RepeatedPlace, RepeatPlaces } from '../answers/repeat-places.ts'
import { isWithin, type Area } from '../city/area.ts'
import type { AreaLevel } from '../vocabulary.ts'

/** So many areas can be told apart by chance; fewer hardly. */
const enoughAreas = 20

/**
 * The level whose areas a report judges: the first below its area with enough of them, else the last.
 * Null where nothing is below.
 */
export function judgedLevel(
  area: Pick<Area, 'path' | 'level'>,
  list: readonly Pick<Area, 'path' | 'level'>[],
  levels: readonly AreaLevel[],
): AreaLevel | null {
  const below = levels.slice(levels.indexOf(area.level) + 1)
  const countAt = (level: AreaLevel): number =>
    list.filter((one) => one.level === level && isWithin(one, area)).length
  const known = below.filter((level) => countAt(level) > 0)
  return known.find((level) => countAt(level) >= enoughAreas) ?? known.at(-1) ?? null
}

/** Answers of the map's own questions about the month of a report. */
export interface PlaceAnswers {
  level: AreaLevel
  findings: Findings
  hotspots: Hotspots
  /** Of the year that ends with the month. */
  repeats: RepeatPlaces
}

export interface PlaceFigures {
  level: AreaLevel
  /** Most incidents beyond the expected first. */
  findings: Finding[]
  findingsTotal: number
  /** Areas inside the report's own, and `Area.idx` of the hot ones; null where nothing can be said. */
  hot: { areas: number; hot: number[] } | null
  repeats: RepeatedPlace[]
  repeatsTotal: number
  repeatsOf: Pick<RepeatPlaces, 'options' | 'from' | 'incidents' | 'repeated'>
  /** Findings and places that somebody put aside as not of interest: in none of the lists above. */
  putAside: number
}

/** Class of `Hotspots.classes` from which on an area is hot with 95 % after the correction. */
const hotFrom = 2

/** @param keyOf of a finding or a place, as people mark them; @param isInside by `Area.idx` */
export function placeFigures(
  { level, findings, hotspots, repeats }: PlaceAnswers,
  dismissals: readonly Dismissal[],
  keyOf: (one: { area: number | null; category: number }) => FindingKey,
  isInside: (idx: number) => boolean,
): PlaceFigures {
  const isKept = (one: { area: number | null; category: number }): boolean =>
    !dismissals.some(isOfFinding(keyOf(one)))
  const [clear, spots] = [findings.list.filter(isKept), repeats.list.filter(isKept)]
  const [lessClear, lessSpots] = [
    findings.list.length - clear.length,
    repeats.list.length - spots.length,
  ]
  const own = [...hotspots.areas.keys()].filter((at) => isInside(hotspots.areas[at]!))
  const { options, from, incidents, repeated } = repeats
  return {
    ...{ level, findings: clear, findingsTotal: findings.total - lessClear },
    hot:
      hotspots.obstacle || own.length === 0
        ? null
        : {
            areas: own.length,
            hot: own
              .filter((at) => hotspots.classes[at]! >= hotFrom)
              .map((at) => hotspots.areas[at]!),
          },
    ...{ repeats: spots, repeatsTotal: repeats.total - lessSpots },
    repeatsOf: { options, from, incidents, repeated },
    putAside: lessClear + lessSpots,
  }
}
