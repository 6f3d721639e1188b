import type { Database } from '../base/database-types.ts'
import type { TableColumn } from './csv-file.ts'
import type { Limit } from './limit.ts'

/** Clocks that a condition may limit, in the order of the process. */
export const limitedClocks = ['accept', 'verify', 'file', 'dispatch', 'handle', 'check'] as const
export type LimitedClock = (typeof limitedClocks)[number]

export interface Milestone extends Limit {
  code: string
  nameZh: string
  nameEn: string
}

/** A filing condition 立案条件. */
export interface Condition {
  code: string
  category: string
  nameZh: string
  nameEn: string
  closingZh: string
  closingEn: string
  department: string | null
  afterPhotos: boolean
  selfHandling: boolean
  sort: number
  limits: Partial<Record<LimitedClock, Limit>>
  milestones: Milestone[]
}

export type StandardKey = Exclude<keyof Condition, 'limits'> | LimitedClock

/** In the order of the exported file. */
export const standardColumns: readonly TableColumn<StandardKey>[] = [
  { key: 'code', names: ['code', '编码'], isNeeded: true },
  { key: 'category', names: ['category', '类别'], isNeeded: true },
  { key: 'nameZh', names: ['name zh', '立案条件'], isNeeded: true },
  { key: 'nameEn', names: ['name en', '英文名称'] },
  { key: 'department', names: ['department', '处置部门'] },
  { key: 'accept', names: ['accept', '受理时限'] },
  { key: 'verify', names: ['verify', '核实时限'] },
  { key: 'file', names: ['file', '立案时限'] },
  { key: 'dispatch', names: ['dispatch', '派遣时限'] },
  { key: 'handle', names: ['handle', '处置时限'] },
  { key: 'check', names: ['check', '核查时限'] },
  { key: 'closingZh', names: ['closing zh', '结案条件'] },
  { key: 'closingEn', names: ['closing en', '英文结案条件'] },
  { key: 'afterPhotos', names: ['after photos', '处置后照片'] },
  { key: 'selfHandling', names: ['self handling', '自行处置'] },
  { key: 'milestones', names: ['milestones', '阶段'] },
  { key: 'sort', names: ['sort', '排序'] },
]

/** A condition as it is stored, with its use by open incidents. */
export interface StoredCondition extends Condition {
  isActive: boolean
  /** The first 20, by report time. */
  openIncidents: string[]
  /** Codes of milestones whose time runs. */
  runningMilestones: string[]
}

/** All conditions, retired ones too, in the order of the exported file. */
export async function readStandard(db: Database): Promise<StoredCondition[]> {
  const rows = await db.query<{ condition: StoredCondition }>(
    `select jsonb_build_object('code', f.code, 'category', f.category_code, 'nameZh', f.name_zh,
       'nameEn', f.name_en, 'closingZh', f.closing_zh, 'closingEn', f.closing_en,
       'department', f.department_code, 'afterPhotos', f.needs_after_photos,
       'selfHandling', f.allows_self_handling, 'sort', f.sort, 'isActive', f.is_active,
       'limits', coalesce((
         select jsonb_object_agg(l.clock, jsonb_build_object('amount', l.amount, 'unit', l.unit,
           'dayRule', l.day_rule)) from public.condition_limits l where l.condition = f.code), '{}'),
       'milestones', coalesce((
         select jsonb_agg(jsonb_build_object('code', m.code, 'nameZh', m.name_zh, 'nameEn', m.name_en,
           'amount', m.amount, 'unit', m.unit, 'dayRule', m.day_rule) order by m.sort, m.code)
         from public.condition_milestones m where m.condition = f.code), '[]'),
       'openIncidents', coalesce(o.ids, '[]'),
       'runningMilestones', coalesce((
         select jsonb_agg(distinct k.milestone) from public.incident_clocks k
         join public.incidents i on i.district_code = k.district_code and i.id = k.incident_id
         where i.condition_code = f.code and k.milestone is not null and k.stopped_at is null
           and not k.is_reached), '[]')) as condition
     from public.filing_conditions f
     join public.categories c on c.code = f.category_code
     left join lateral (
       select jsonb_agg(x.id order by x.reported_at, x.id) as ids
       from (select i.id, i.reported_at from public.incidents i
         where i.condition_code = f.code and private.is_open(i.stage)
         order by i.reported_at, i.id limit 20) x) o on true
     order by c.sort, c.code, f.sort, f.code`,
  )
  return rows.map(({ condition }) => condition)
}

/** Stores new and changed conditions; they are in use from now on. Call it in a transaction. */
export async function storeConditions(
  db: Database,
  conditions: readonly Condition[],
): Promise<void> {
  const rows = JSON.stringify(conditions)
  await db.query(
    `insert into public.filing_conditions as f (code, category_code, name_zh, name_en, closing_zh, closing_en,
       department_code, needs_after_photos, allows_self_handling, sort)
     select r.code, r.category, r."nameZh", r."nameEn", r."closingZh", r."closingEn", r.department,
       r."afterPhotos", r."selfHandling", r.sort
     from jsonb_to_recordset($1::text::jsonb) as r (code text, category text, "nameZh" text, "nameEn" text,
       "closingZh" text, "closingEn" text, department text, "afterPhotos" boolean, "selfHandling" boolean,
       sort integer)
     on conflict (code) do update set category_code = excluded.category_code, name_zh = excluded.name_zh,
       name_en = excluded.name_en, closing_zh = excluded.closing_zh, closing_en = excluded.closing_en,
       department_code = excluded.department_code, needs_after_photos = excluded.needs_after_photos,
       allows_self_handling = excluded.allows_self_handling, sort = excluded.sort, is_active = true`,
    [rows],
  )
  for (const table of ['condition_limits', 'condition_milestones']) {
    await db.query(
      `delete from public.${table} l using jsonb_to_recordset($1::text::jsonb) as r (code text)
       where l.condition = r.code`,
      [rows],
    )
  }
  await db.query(
    `insert into public.condition_limits (condition, clock, amount, unit, day_rule)
     select r.code, l.key, (l.value ->> 'amount')::numeric, l.value ->> 'unit', l.value ->> 'dayRule'
     from jsonb_to_recordset($1::text::jsonb) as r (code text, limits jsonb)
     cross join lateral jsonb_each(r.limits) l`,
    [rows],
  )
  await db.query(
    `insert into public.condition_milestones (condition, code, name_zh, name_en, amount, unit, day_rule, sort)
     select r.code, m.m ->> 'code', m.m ->> 'nameZh', m.m ->> 'nameEn', (m.m ->> 'amount')::numeric,
       m.m ->> 'unit', m.m ->> 'dayRule', m.n
     from jsonb_to_recordset($1::text::jsonb) as r (code text, milestones jsonb)
     cross join lateral jsonb_array_elements(r.milestones) with ordinality m (m, n)`,
    [rows],
  )
}
