import type { Database } from '../../base/database-types.ts'

export interface KeptMapping {
  name: string
  kind: 'incidents' | 'areas'
  /** Names of the file's columns. */
  columns: string[]
  mapping: object
  changedAt: string
  changedBy: string | null
}

const mostMappings = 200
const mostCharacters = 200_000

export async function listMappings(db: Database): Promise<KeptMapping[]> {
  return db.query<KeptMapping>(
    `select m.name, m.kind, m.columns, m.mapping, m.changed_at::text as "changedAt",
       p.display_name as "changedBy"
     from public.import_mappings m left join public.profiles p on p.user_id = m.changed_by
     order by m.changed_at desc, m.name`,
  )
}

/** Null for what is no mapping with a name. */
export function readWish(
  wish: Record<string, unknown>,
): Omit<KeptMapping, 'changedAt' | 'changedBy'> | null {
  const { name, kind, columns, mapping } = wish
  if (typeof name !== 'string' || name.trim() === '' || name.length > 60) return null
  if (/[\u0000-\u001f]/.test(name) || !name.isWellFormed()) return null
  if (kind !== 'incidents' && kind !== 'areas') return null
  const areTexts =
    Array.isArray(columns) &&
    columns.length <= 1_000 &&
    columns.every((one) => typeof one === 'string')
  if (!areTexts || typeof mapping !== 'object' || mapping === null) return null
  const text = JSON.stringify({ columns, mapping })
  if (text.length > mostCharacters || text.includes('\\u0000') || !text.isWellFormed()) return null
  return { name: name.trim(), kind, columns, mapping }
}

/** @returns false when there are too many. */
export async function keepMapping(
  db: Database,
  { name, kind, columns, mapping }: Omit<KeptMapping, 'changedAt' | 'changedBy'>,
  userId: string,
): Promise<boolean> {
  const kept = await db.query(
    `insert into public.import_mappings (name, kind, columns, mapping, changed_at, changed_by)
     select $1, $2, array(select jsonb_array_elements_text($3::text::jsonb)), $4::text::jsonb, now(), $5::uuid
     where exists (select from public.import_mappings m where m.name = $1)
       or (select count(*) from public.import_mappings) < $6
     on conflict (name) do update set kind = excluded.kind, columns = excluded.columns,
       mapping = excluded.mapping, changed_at = excluded.changed_at, changed_by = excluded.changed_by
     returning name`,
    [name, kind, JSON.stringify(columns), JSON.stringify(mapping), userId, mostMappings],
  )
  return kept.length > 0
}

/** @returns whether there was one. */
export async function deleteMapping(db: Database, name: string): Promise<boolean> {
  const gone = await db.query('delete from public.import_mappings where name = $1 returning name', [
    name,
  ])
  return gone.length > 0
}
