import * as v from 'valibot'

const column = v.pipe(v.string(), v.minLength(1))
const scale = v.pipe(
  v.strictObject({ least: v.number(), most: v.number() }),
  v.check(({ least, most }) => least < most, 'least below most'),
)
const item = v.strictObject({
  nameZh: v.optional(v.string()),
  nameEn: v.optional(v.string()),
  /** Code of the category that the item asks about. */
  category: v.optional(v.string()),
  sense: v.optional(v.picklist(['happiness', 'gain', 'security'])),
})

const mappingSchema = v.pipe(
  v.strictObject({
    survey: v.strictObject({
      code: v.pipe(v.string(), v.regex(/^[a-z0-9_]{1,40}$/, 'small letters, digits and _')),
      nameZh: v.pipe(v.string(), v.minLength(1)),
      nameEn: v.pipe(v.string(), v.minLength(1)),
    }),
    /** Ends of the scale, of every item that names none. */
    scale,
    /** By code; an item that is missing goes by its code. */
    items: v.optional(v.record(v.string(), item), {}),
    /** Names of areas in the file → the city's codes. */
    areas: v.optional(v.record(v.string(), v.string()), {}),
    /** Columns of a file with one row an area, wave and item. */
    waves: v.optional(
      v.strictObject({
        ...{ area: column, period: column, item: column, n: column },
        ...{ mean: v.optional(column), sd: v.optional(column), asked: v.optional(column) },
        satisfiedPercent: v.optional(column),
        dissatisfiedPercent: v.optional(column),
        /** Share that names it among the most important. */
        importantPercent: v.optional(column),
        ...{ nameZh: v.optional(column), nameEn: v.optional(column) },
      }),
    ),
    /** Columns of a file with one row a respondent. */
    answers: v.optional(
      v.strictObject({
        ...{ area: column, period: column, respondent: v.optional(column) },
        items: v.pipe(
          v.array(
            v.strictObject({
              ...{ column, item: v.optional(v.string()), scale: v.optional(scale) },
              /** Answers from here on are satisfied, up to `dissatisfiedTo` dissatisfied. */
              ...{ satisfiedFrom: v.number(), dissatisfiedTo: v.number() },
              unknown: v.optional(v.array(v.string()), []),
            }),
          ),
          v.minLength(1),
        ),
      }),
    ),
  }),
  v.check(
    ({ waves, answers }) => (waves === undefined) !== (answers === undefined),
    'either waves or answers',
  ),
)
/** Gives the meaning of a survey file's columns: for the command as JSON, for the page from its form. */
export type SurveyMapping = v.InferOutput<typeof mappingSchema>

/** @returns the mapping, or what is wrong with it, each with its place */
export function readSurveyMapping(
  json: unknown,
): { mapping: SurveyMapping } | { faults: string[] } {
  const read = v.safeParse(mappingSchema, json)
  if (read.success) return { mapping: read.output }
  return {
    faults: read.issues.map((issue) => `${v.getDotPath(issue) ?? 'mapping'}: ${issue.message}`),
  }
}

/** Columns of aggregated waves by names that are often used; null for one that has to be chosen. */
export function guessColumns(header: readonly string[]): Partial<Record<GuessedColumn, string>> {
  const found: Partial<Record<GuessedColumn, string>> = {}
  for (const [key, pattern] of Object.entries(usualNames) as [GuessedColumn, RegExp][]) {
    const name = header.find((one) => pattern.test(one.trim()))
    if (name !== undefined) found[key] = name
  }
  return found
}
const usualNames = {
  area: /^(area|area_?(id|code)|district|community)$|\u533a\u57df|\u793e\u533a/i,
  period: /^(period|month|wave|date)$|\u6708|\u671f/i,
  item: /^(item|question|topic)$|^\u9879\u76ee$|^\u9898\u76ee$/i,
  n: /^(n|answers|count)$|\u7b54\u590d\u6570|\u6837\u672c/i,
  mean: /^(mean|average)$|\u5747\u503c|\u5e73\u5747/i,
  sd: /^(sd|std|deviation)$|\u6807\u51c6\u5dee/i,
  satisfiedPercent: /^(pct_?|percent_?)satisfied$|^satisfied(_?pct|_?percent)?$|^\u6ee1\u610f/i,
  dissatisfiedPercent: /^(pct_?|percent_?)dissatisfied$|^dissatisfied|\u4e0d\u6ee1\u610f/i,
  importantPercent: /important|\u91cd\u8981/i,
  asked: /^(asked|invited|sample)$|\u8c03\u67e5\u4eba\u6570/i,
  nameZh: /^(item|name)_?zh$|\u9879\u76ee\u540d\u79f0/i,
  nameEn: /^(item|name)_?en$/i,
}
export type GuessedColumn = keyof typeof usualNames
