import { randomUUID } from 'node:crypto'
import { hashOf } from './harness/commands.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Database } from '../server/base/database-types.ts'

const incidentId = (n: number) => `00000000-0000-4000-9000-00000000000${n}`

/** The incident in N-10-A that belongs to no department and no reporter. */
export const farIncident = incidentId(3)

/** The incident of the field staff's own grid. */
export const nearIncident = incidentId(1)

/** The manager's receipt. */
export const knownCommand = '00000000-0000-4000-9000-00000000000c'

/** The checked photo of incident 1, taken by the field staff. */
export const nearPhoto = hashOf('checked')

/** The tile at zoom 14 that holds incident 1 alone. */
export const nearTile = tileAt(10.5, 21, 14)

/** Slippy-map column and row of the tile that holds a place. */
function tileAt(lon: number, lat: number, z: number): { z: number; x: number; y: number } {
  const sine = Math.sin((lat * Math.PI) / 180)
  return {
    z,
    x: Math.floor(((lon + 180) / 360) * 2 ** z),
    y: Math.floor((0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * 2 ** z),
  }
}

type Row = [n: number, lon: number, reporter: string | null, department: string | null, day: string]

const incidents: Row[] = [
  // in N-1_A, N-1-A, N-10-A, N-10 without grid, N-10-A, N-1-A
  [1, 10.5, people.field, null, '2026-03-05'],
  [2, 11.5, null, 'public_works', '2026-03-06'],
  [3, 12.5, null, null, '2026-04-01'],
  [4, 13.5, people.field, null, '2026-04-02'],
  [5, 12.6, null, 'public_works', '2026-04-03'],
  [6, 11.6, people.stranger, null, '2026-03-07'],
]

/**
 * The small city with six incidents, seven log rows (two for incident 1), three receipts, two photos
 * of incident 1, one of them checked, a control of filing, a calendar without years, and a mapping of
 * imports.
 */
export async function seedMatrixWorld(db: Database): Promise<void> {
  await seedSmallCity(db)
  await db.query(
    `insert into public.publications (id, from_month, to_month, document, withdrawn_at)
     values (1, '2026-03-01', '2026-03-01', '{}', null), (2, '2026-03-01', '2026-03-01', '{}', now())`,
  )
  await db.exec(
    `insert into public.import_mappings (name, kind, columns, mapping, changed_at)
     values ('ledger', 'incidents', '{id}', '{}', now())`,
  )
  for (const [n, lon, reporter, department, day] of incidents) {
    await db.query(
      `insert into public.incidents (district_code, id, category_code, area_code, department_code, lon, lat,
         qx, qy, reported_at, month, reported_by)
       select p.district_code, $1::uuid, 'noise', p.area_code, $4, $2, 21, p.qx, p.qy,
         $5::text::timestamptz, date_trunc('month', $5::text::date)::date, $3::uuid
       from private.place_incident($2, 21) p`,
      [incidentId(n), lon, reporter, department, `${day}T12:00:00+08:00`],
    )
  }
  await db.exec(`
    insert into public.incident_log (district_code, incident_id, seq, kind)
    select district_code, id, 1, 'reported' from public.incidents;
    insert into public.incident_log (district_code, incident_id, seq, kind)
    select district_code, id, 2, 'noted' from public.incidents where id = '${incidentId(1)}';
  `)
  for (const [id, actor] of [
    [randomUUID(), people.field],
    [randomUUID(), people.field],
    [knownCommand, people.manager],
  ] as const) {
    await db.query(
      `insert into public.commands (id, actor, type, hash, outcome)
       values ($1, $2, 'report_incident', $3, 'applied')`,
      [id, actor, hashOf('{}')],
    )
  }
  for (const hash of [nearPhoto, hashOf('not checked')]) {
    await db.query(
      `insert into public.incident_photos (district_code, incident_id, hash, owner, media_type, bytes,
         width, height, seq_in_log, at)
       select i.district_code, i.id, $1, $2::uuid, 'image/jpeg', 1000, 640, 480, 1, now()
       from public.incidents i where i.id = $3::uuid`,
      [hash, people.field, incidentId(1)],
    )
  }
  await db.exec(
    `insert into public.calendars (code, name_zh, name_en) values ('empty', '空', 'Empty')`,
  )
  await db.exec(`insert into public.filing_controls (code, tip_zh, tip_en, is_active)
    values ('some', '管控', 'controlled', false)`)
  await db.query(
    `select private.record_photo_check($1::uuid, $2, 'image/jpeg', 1000, 640, 480, 'ok')`,
    [people.field, nearPhoto],
  )
}
