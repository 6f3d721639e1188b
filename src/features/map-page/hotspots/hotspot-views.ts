import {
  emergingClasses,
  type EmergingClass,
  type HotspotMethod,
  type Hotspots,
} from '@/domain/answers/hotspots.ts'

/** Questions that judge areas or cells. Each shows one method, the last two share one. */
const judgedViews = ['chance', 'outliers', 'worse', 'returning', 'new'] as const
export type JudgedView = (typeof judgedViews)[number]
/** Questions of a manager; `places` lists spots by a rule. */
export const hotspotViews = [...judgedViews, 'places'] as const
export type HotspotView = (typeof hotspotViews)[number]

export const methodOf: Record<JudgedView, HotspotMethod> = {
  chance: 'chance',
  outliers: 'outlier',
  worse: 'change',
  returning: 'pattern',
  new: 'pattern',
}

/** A class that occurs on the map. */
export interface HotspotClass {
  /** As in `Hotspots.classes`; 0 is nothing. */
  code: number
  /** Key of its words: `hot.3`, `cold.1`, `none`, `new`. */
  key: string
  /** Or cells. */
  areas: number
  incidents: number
}

const patternsOf: Record<'new' | 'returning', ReadonlySet<EmergingClass>> = {
  new: new Set(['new', 'consecutive']),
  returning: new Set(emergingClasses.filter((name) => name !== 'new')),
}

/** The class that a view shows of an area: patterns the view does not ask for are none. */
export function shownClass(view: JudgedView, code: number): number {
  if (view !== 'new' && view !== 'returning') return code
  const name = emergingClasses[Math.abs(code) - 1]
  return name && patternsOf[view].has(name) ? code : 0
}

export const classKey = (view: JudgedView, code: number): string => {
  if (code === 0) return 'none'
  const side = code > 0 ? 'hot' : 'cold'
  return methodOf[view] === 'pattern'
    ? `${side}.${emergingClasses[Math.abs(code) - 1]}`
    : `${side}.${Math.abs(code)}`
}

/** Hottest first, nothing in the middle, coldest last. */
export function hotspotClasses(
  view: JudgedView,
  found: Pick<Hotspots, 'classes' | 'counts'>,
): HotspotClass[] {
  const byCode = new Map<number, HotspotClass>()
  found.classes.forEach((raw, i) => {
    const code = shownClass(view, raw)
    const own = byCode.get(code) ?? { code, key: classKey(view, code), areas: 0, incidents: 0 }
    own.areas++
    own.incidents += found.counts[i]!
    byCode.set(code, own)
  })
  return [...byCode.values()].sort((a, b) => strengthOf(view, b.code) - strengthOf(view, a.code))
}

/** Strength from −1 (cold) to 1 (hot): the place on the colour scale. */
export function strengthOf(view: JudgedView, code: number): number {
  if (code === 0) return 0
  const side = Math.sign(code)
  if (methodOf[view] === 'outlier') return side * (Math.abs(code) === 1 ? 1 : 0.45)
  if (methodOf[view] !== 'pattern') return (side * Math.abs(code)) / 3
  const order = emergingClasses.toReversed()
  const place = order.indexOf(emergingClasses[Math.abs(code) - 1]!)
  return side * (0.3 + (0.7 * place) / (order.length - 1))
}
