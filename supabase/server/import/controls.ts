import type { Database } from '../base/database-types.ts'
import type { TableColumn } from './csv-file.ts'

/** When and where nothing is filed 管控. */
export interface Control {
  code: string
  /** Null: everywhere. */
  area: string | null
  /** With all below it; null: all. */
  category: string | null
  /** 1 for Monday to 7, ascending. */
  weekdays: number[]
  /** Minutes after midnight by the city's clocks; the end is excluded. */
  from: number
  to: number
  tipZh: string
  tipEn: string
}
export type ControlKey = keyof Control

/** In the order of the exported file. */
export const controlColumns: readonly TableColumn<ControlKey>[] = [
  { key: 'code', names: ['code', '编码'], isNeeded: true },
  { key: 'area', names: ['area', '区域'], isNeeded: true },
  { key: 'category', names: ['category', '类别'], isNeeded: true },
  { key: 'weekdays', names: ['weekdays', '星期'], isNeeded: true },
  { key: 'from', names: ['from', '开始'], isNeeded: true },
  { key: 'to', names: ['to', '结束'], isNeeded: true },
  { key: 'tipZh', names: ['tip zh', '提示'], isNeeded: true },
  { key: 'tipEn', names: ['tip en', '英文提示'] },
]

const everyDay = [1, 2, 3, 4, 5, 6, 7]
const dayNumbers = new Map<string, number>([
  ...['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day, n): [string, number] => [
    day,
    n + 1,
  ]),
  ...['一', '二', '三', '四', '五', '六', '日'].map((day, n): [string, number] => [day, n + 1]),
  ['天', 7],
  ...everyDay.map((day): [string, number] => [String(day), day]),
])

/**
 * Reads `1-5`, `Mon-Fri, Sun`, `周一至周五`, `周六、周日`; empty is every day.
 * @returns null when it cannot be read.
 */
export function readWeekdays(text: string): number[] | null {
  const plain = text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/周|星期|礼拜|\s/g, '')
    .replaceAll(/(mon|tue|wed|thu|fri|sat|sun)[a-z]*/g, '$1')
  if (plain === '') return everyDay
  const days = new Set<number>()
  for (const part of plain.split(/[,、;]/)) {
    const [from = '', to = from, ...rest] = part.split(/[-–—~至到]/)
    const [first, last] = [dayNumbers.get(from), dayNumbers.get(to)]
    if (first === undefined || last === undefined || rest.length > 0) return null
    // Saturday to Monday passes the end of the week
    for (let n = 0; n <= (last - first + 7) % 7; n += 1) days.add(((first - 1 + n) % 7) + 1)
  }
  return [...days].toSorted((a, b) => a - b)
}

/** Minutes of `8:30` or `24:00`; null when it cannot be read. */
export function readMinute(text: string): number | null {
  const [, hours = '', minutes = ''] = /^(\d{1,2}):(\d\d)$/.exec(text.normalize('NFKC')) ?? []
  const minute = Number(hours) * 60 + Number(minutes)
  return hours !== '' && Number(minutes) < 60 && minute <= 1440 ? minute : null
}

export const minuteInWords = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

/** All controls in the order of their codes, with whether they are in use. */
export async function readControls(db: Database): Promise<(Control & { isActive: boolean })[]> {
  const rows = await db.query<{ control: Control & { isActive: boolean } }>(
    `select jsonb_build_object('code', f.code, 'area', f.area_code, 'category', f.category_code,
       'weekdays', (select jsonb_agg(distinct d order by d) from unnest(f.weekdays) d),
       'from', f.from_minute, 'to', f.to_minute, 'tipZh', f.tip_zh, 'tipEn', f.tip_en,
       'isActive', f.is_active) as control
     from public.filing_controls f order by f.code`,
  )
  return rows.map(({ control }) => control)
}

/** Stores new and changed controls; they are in use from now on. */
export async function storeControls(db: Database, controls: readonly Control[]): Promise<void> {
  await db.query(
    `insert into public.filing_controls (code, area_code, category_code, weekdays, from_minute, to_minute,
       tip_zh, tip_en)
     select r.code, r.area, r.category, r.weekdays, r."from", r."to", r."tipZh", r."tipEn"
     from jsonb_to_recordset($1::text::jsonb) as r (code text, area text, category text, weekdays smallint[],
       "from" integer, "to" integer, "tipZh" text, "tipEn" text)
     on conflict (code) do update set area_code = excluded.area_code, category_code = excluded.category_code,
       weekdays = excluded.weekdays, from_minute = excluded.from_minute, to_minute = excluded.to_minute,
       tip_zh = excluded.tip_zh, tip_en = excluded.tip_en, is_active = true`,
    [JSON.stringify(controls)],
  )
}
