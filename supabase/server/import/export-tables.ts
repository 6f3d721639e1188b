import { csvFromTable } from '../../../src/domain/csv.ts'
import type { Database } from '../base/database-types.ts'
import { controlColumns, minuteInWords, readControls } from './controls.ts'
import { limitInWords } from './limit.ts'
import { limitedClocks, readStandard, standardColumns } from './standard.ts'
import type { Condition, StandardKey } from './standard.ts'
import { ImportFileError } from './text-source.ts'

async function localeOf(db: Database): Promise<string> {
  const [city] = await db.query<{ locale: string }>('select locale from public.city_settings')
  if (!city)
    throw new ImportFileError('there is no city yet: start the server once, or with --demo none')
  return city.locale
}

const headerOf = (columns: readonly { names: readonly [string, string] }[], locale: string) =>
  columns.map(({ names }) => names[locale.startsWith('zh') ? 1 : 0])

function cellsOf(
  { limits, ...columns }: Condition,
  locale: string,
): Record<StandardKey, string | number> {
  const isChinese = locale.startsWith('zh')
  const flag = (is: boolean): string => (isChinese ? (is ? '是' : '否') : is ? 'yes' : 'no')
  const limitWords = Object.fromEntries(
    limitedClocks.map((clock) => {
      const limit = limits[clock]
      return [clock, limit ? limitInWords(limit, locale) : '']
    }),
  ) as Record<(typeof limitedClocks)[number], string>
  return {
    ...columns,
    ...limitWords,
    department: columns.department ?? '',
    afterPhotos: flag(columns.afterPhotos),
    selfHandling: flag(columns.selfHandling),
    milestones: columns.milestones
      .map((one) => [one.code, one.nameZh, one.nameEn, limitInWords(one, locale)].join(' | '))
      .join('\n'),
  }
}

/** The conditions in use, as `importStandard` reads them, in the city's language. */
export async function exportStandard(db: Database): Promise<{ text: string; rows: number }> {
  const locale = await localeOf(db)
  const conditions = (await readStandard(db)).filter(({ isActive }) => isActive)
  const rows = conditions.map((condition) => {
    const cells = cellsOf(condition, locale)
    return standardColumns.map(({ key }) => cells[key])
  })
  return { text: csvFromTable(headerOf(standardColumns, locale), rows), rows: rows.length }
}

/** The controls in use, as `importControls` reads them. */
export async function exportControls(db: Database): Promise<{ text: string; rows: number }> {
  const locale = await localeOf(db)
  const controls = (await readControls(db)).filter(({ isActive }) => isActive)
  const rows = controls.map((control) => {
    const cells = {
      ...control,
      weekdays: control.weekdays.join(','),
      from: minuteInWords(control.from),
      to: minuteInWords(control.to),
    }
    return controlColumns.map(({ key }) => cells[key])
  })
  return { text: csvFromTable(headerOf(controlColumns, locale), rows), rows: rows.length }
}
