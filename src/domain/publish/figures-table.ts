import {
  countIndex,
  shareIndex,
  type PublicArea,
  type PublicCategory,
  type PublicFigures,
} from './figures.ts'

export interface TableWords {
  /** Of the columns, in the order of the cells. */
  header: readonly [
    areaCode: string,
    area: string,
    month: string,
    category: string,
    reported: string,
    closed: string,
    satisfiedAnswers: string,
    satisfied: string,
    solvedAnswers: string,
    solved: string,
  ]
  area: (area: PublicArea | null) => string
  category: (category: PublicCategory | null) => string
  allMonths: string
  /** In place of a figure. */
  hidden: string
}

/**
 * Every published figure as rows of text: one for each area, month and category, and for all of them.
 * Answers stand in the rows of all categories.
 */
export function figuresTable(
  figures: PublicFigures,
  words: TableWords,
): { header: string[]; rows: (string | number)[][] } {
  const { areas, months, categories } = figures
  const numbers = (length: number): (number | null)[] => [
    ...Array.from({ length }, (_, at) => at),
    null,
  ]
  const told = (value: number | null | undefined): string | number => value ?? words.hidden
  const rows = numbers(areas.length).flatMap((area) =>
    numbers(months.length).flatMap((month) =>
      numbers(categories.length).map((category) => {
        const one = area === null ? null : areas[area]!
        const count = countIndex(figures, area, month, category)
        const share = shareIndex(figures, area, month)
        const answers = [figures.satisfied, figures.solved].flatMap(({ n, yes }) =>
          category === null ? [told(n[share]), told(yes[share])] : ['', ''],
        )
        return [
          one?.code ?? '',
          words.area(one),
          month === null ? words.allMonths : months[month]!,
          words.category(category === null ? null : categories[category]!),
          told(figures.reported[count]),
          told(figures.closed[count]),
          ...answers,
        ]
      }),
    ),
  )
  return { header: [...words.header], rows }
}
