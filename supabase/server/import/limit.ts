export const limitUnits = ['urgent_hour', 'natural_day', 'work_hour', 'work_day'] as const
export type LimitUnit = (typeof limitUnits)[number]

/** As `private.is_limit` of 13_calendars.sql takes it. */
export interface Limit {
  amount: number
  unit: LimitUnit
  dayRule: 'hours' | 'end_of_day'
}

const unitWords: readonly [LimitUnit, RegExp][] = [
  ['urgent_hour', /^(urgent hours?|紧急工作(小)?时|紧急(小)?时)$/],
  ['natural_day', /^((natural|calendar) days?|自然(日|天))$/],
  ['work_hour', /^((work|working|business) hours?|工作(小)?时)$/],
  ['work_day', /^((work|working|business) days?|workdays?|工作(日|天))$/],
]
/** Of a kind of time that is not named. */
const bareUnit = /^(minutes?|mins?|hours?|h|days?|d|分钟?|小?时|天|日)$/
const limitText =
  /^(\d{1,6}(?:\.\d{1,6})?) ?个? ?([^\d(),]+?) ?(?:[(,]? ?(end of day|至?当(?:日|天)(?:止|结束)|至?日终) ?\)?)?$/

/**
 * Reads `4 working hours`, `7 work_day`, `2 紧急工作时`, `3 工作日（当日止）`. `hours` and `days` alone
 * are refused: cities mean different times by them.
 * @returns the limit, or the reason why it cannot be read.
 */
export function readLimit(text: string): Limit | { reason: string } {
  const plain = text
    .normalize('NFKC')
    .trim()
    .toLowerCase()
    .replaceAll(/[_\s]+/g, ' ')
  const [, number = '', word = '', end] = limitText.exec(plain) ?? []
  const amount = Number(number)
  const unit = unitWords.find(([, words]) => words.test(word))?.[0]
  if (unit === undefined) {
    return { reason: bareUnit.test(word) ? 'ambiguous_limit' : 'unreadable_limit' }
  }
  const dayRule = end === undefined ? 'hours' : 'end_of_day'
  const isWhole = Number.isInteger(amount)
  if (dayRule === 'end_of_day' && unit !== 'work_day') return { reason: 'unreadable_limit' }
  const needsWhole = unit === 'natural_day' || dayRule === 'end_of_day'
  if (!(amount > 0 && amount < 100_000) || (needsWhole && !isWhole))
    return { reason: 'limit_out_of_range' }
  return { amount, unit, dayRule }
}

const words: Record<LimitUnit, { en: [one: string, many: string]; zh: string }> = {
  urgent_hour: { en: ['urgent hour', 'urgent hours'], zh: '紧急工作时' },
  natural_day: { en: ['natural day', 'natural days'], zh: '自然日' },
  work_hour: { en: ['working hour', 'working hours'], zh: '工作时' },
  work_day: { en: ['working day', 'working days'], zh: '工作日' },
}

/** As `readLimit` reads it. */
export function limitInWords({ amount, unit, dayRule }: Limit, locale: string): string {
  const { en, zh } = words[unit]
  const isEnd = dayRule === 'end_of_day'
  return locale.startsWith('zh')
    ? `${amount} ${zh}${isEnd ? '（当日止）' : ''}`
    : `${amount} ${amount === 1 ? en[0] : en[1]}${isEnd ? ' (end of day)' : ''}`
}
