import type { AreaLevel, LocalMonth } from '../../../src/domain/vocabulary.ts'
import { areaLevels } from '../../../src/domain/vocabulary.ts'
import type { Database } from '../base/database-types.ts'

export interface PublishingState {
  /** Of the smallest areas; null before the first publication. */
  level: AreaLevel | null
  /** Levels to choose from, with their number of areas. */
  levels: { level: AreaLevel; areas: number }[]
  /** The first month with an incident, and the last that is over; null without any. */
  firstMonth: LocalMonth | null
  lastMonth: LocalMonth | null
  /** Counted for good. */
  countedMonths: LocalMonth[]
}

/** Months that can be published, and choices settled already. */
export async function readPublishingState(db: Pick<Database, 'query'>): Promise<PublishingState> {
  const [row] = await db.query<{
    level: AreaLevel | null
    first: LocalMonth | null
    last: LocalMonth | null
    counted: string | null
  }>(
    `select (select leaf_level from private.publication_settings) as level,
       (select to_char(min(month), 'YYYY-MM') from public.incidents) as first,
       to_char(private.city_today() - interval '1 month', 'YYYY-MM') as last,
       (select string_agg(to_char(month, 'YYYY-MM'), ',' order by month)
        from private.publication_months) as counted`,
  )
  const counts = await db.query<{ level: AreaLevel; areas: number }>(
    `select level, count(*)::integer as areas from public.areas where parent_code is not null group by level`,
  )
  const { level = null, first = null, last = null, counted = null } = row ?? {}
  const hasMonths = first !== null && last !== null && first <= last
  return {
    level,
    levels: areaLevels.flatMap((one) => counts.find((found) => found.level === one) ?? []),
    firstMonth: hasMonths ? first : null,
    lastMonth: hasMonths ? last : null,
    countedMonths: counted ? (counted.split(',') as LocalMonth[]) : [],
  }
}
