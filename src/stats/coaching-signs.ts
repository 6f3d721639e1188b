export interface RatedAnswer {
  /** On the scale of the question. */
  value: number
  /** Free text, empty where none was given. */
  words: string
  /** Person or device that asked; null where not known. */
  source: string | null
  /** Of the answer, from any origin. */
  atMinute: number
  /** From closing to the answer. */
  minutesAfterClosing: number
}

/** Signs that answers may have been prescribed. They are shown and prove nothing. */
export interface CoachingSigns {
  n: number
  /** All equal, with at least 30 answers: the value, else null. */
  allEqual: number | null
  /** Texts of at least `leastLength` given at least `leastRepeats` times, most often first. */
  identicalWords: { words: string; count: number }[]
  /** Sources with at least `burstSize` answers within `burstMinutes`: the most in one such window. */
  bursts: { source: string; count: number }[]
  /** Answers less than a minute after closing. */
  withinAMinute: number
}

export const coachingLimits = {
  leastForAllEqual: 30,
  /** A Han character counts as two. "很满意" alone is what people say. */
  leastLength: 8,
  leastRepeats: 3,
  burstSize: 10,
  burstMinutes: 10,
} as const

/** Looks for the four signs. Equal texts are told after removing case, width, spaces and punctuation. */
export function coachingSigns(
  answers: readonly RatedAnswer[],
  limits: { [name in keyof typeof coachingLimits]: number } = coachingLimits,
): CoachingSigns {
  const first = answers[0]?.value ?? null
  const isEqual = answers.every(({ value }) => value === first)
  return {
    n: answers.length,
    allEqual: answers.length >= limits.leastForAllEqual && isEqual ? first : null,
    identicalWords: repeats(answers, limits.leastLength, limits.leastRepeats),
    bursts: burstsOf(answers, limits.burstSize, limits.burstMinutes),
    withinAMinute: answers.filter(({ minutesAfterClosing: m }) => m >= 0 && m < 1).length,
  }
}

function repeats(answers: readonly RatedAnswer[], leastLength: number, leastRepeats: number) {
  const found = new Map<string, { words: string; count: number }>()
  for (const { words } of answers) {
    const key = words
      .normalize('NFKC')
      .toLowerCase()
      .replaceAll(/[\s\p{P}\p{S}]+/gu, '')
    const length = [...key].reduce(
      (sum, letter) => sum + (/\p{Script=Han}/u.test(letter) ? 2 : 1),
      0,
    )
    if (length < leastLength) continue
    const entry = found.get(key)
    if (entry) entry.count++
    else found.set(key, { words, count: 1 })
  }
  return [...found.values()]
    .filter(({ count }) => count >= leastRepeats)
    .sort((a, b) => b.count - a.count)
}

function burstsOf(answers: readonly RatedAnswer[], size: number, minutes: number) {
  const bySource = new Map<string, number[]>()
  for (const { source, atMinute } of answers) {
    if (source === null) continue
    const times = bySource.get(source)
    if (times) times.push(atMinute)
    else bySource.set(source, [atMinute])
  }
  return [...bySource]
    .map(([source, times]) => ({ source, count: mostWithin(times, minutes) }))
    .filter(({ count }) => count >= size)
    .sort((a, b) => b.count - a.count)
}

/** The largest number of times within a window shorter than `minutes`. */
function mostWithin(times: number[], minutes: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  let most = 0
  let start = 0
  sorted.forEach((time, at) => {
    while (time - sorted[start]! >= minutes) start++
    most = Math.max(most, at - start + 1)
  })
  return most
}
