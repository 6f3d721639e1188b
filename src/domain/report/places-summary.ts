import { say, type Paragraph, type Sentence } from './sentence.ts'
import type { PlaceFigures } from './places.ts'

/** Named in a sentence; the table holds more. */
const mostNamed = 3
const mostHot = 6

/** Where more was reported than chance explains, and where the same trouble keeps coming back. */
export const placesParagraph = (places: PlaceFigures): Paragraph => ({
  topic: 'places',
  sentences: [...findings(places), ...hot(places), ...repeats(places), ...aside(places)],
})

function findings({ findings: all, findingsTotal: count }: PlaceFigures): Sentence[] {
  if (count === 0) return [say('places.clear.none')]
  return [say('places.clear.some', { count }, { names: { findings: all.slice(0, mostNamed) } })]
}

function hot({ hot: found }: PlaceFigures): Sentence[] {
  if (!found) return [say('places.hot.few')]
  const { hot: all, areas: count } = found
  if (all.length === 0) return [say('places.hot.none', { count })]
  const names = { areaNames: all.slice(0, mostHot), more: all.length > mostHot }
  return [say('places.hot.some', { count, number: all.length }, { names })]
}

function repeats({ repeats: all, repeatsTotal: count, repeatsOf }: PlaceFigures): Sentence[] {
  const { options, from, incidents: total, repeated: done } = repeatsOf
  const [first, day] = [{ day: from }, { day: options.lastDay }]
  const rule = { size: { metres: options.radiusMetres }, from: first, to: day }
  const { times: number } = options
  if (count === 0) return [say('places.repeat.none', { number, total }, rule)]
  const names = { places: all.slice(0, mostNamed) }
  return [say('places.repeat.some', { count, number, total, done }, { ...rule, names })]
}

const aside = ({ putAside: count }: PlaceFigures): Sentence[] =>
  count > 0 ? [say('places.aside', { count })] : []
