import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from '../../supabase/server/backend/open-database.ts'
import type { Database } from '../../supabase/server/base/database-types.ts'
import { hashOfContent, sha256Hex, type Content } from './ledger.ts'
import type { StoredIntent } from './reconcile.ts'

/** How a token stands in what people typed. */
const tokenPattern = /⟦([0-9a-z-]+)⟧/
export const tokenIn = (text: string): string => tokenPattern.exec(text)?.[1] ?? ''
export const markedText = (token: string, text: string): string => `⟦${token}⟧ ${text}`

interface Row {
  text: string
  actor: string
  incident_id: string
  hashes: string[] | null
  report: Content['report'] | null
}

/**
 * Reads what a stopped server's folder holds of all tokens: descriptions of incidents and notes of the
 * log, each with the photos that came with it. A photo counts only if its row says it was checked
 * and its file lies in the folder with the bytes of its name.
 */
export async function readStoredIntents(folder: string): Promise<StoredIntent[]> {
  const dataDir = join(folder, 'data')
  const db = await openDatabase({ DATA_DIR: dataDir })
  try {
    return await storedIntentsIn(db, join(dataDir, 'photos'))
  } finally {
    await db.close()
  }
}

/** The same of an open database and a folder of photos. */
export async function storedIntentsIn(db: Database, photos: string): Promise<StoredIntent[]> {
  const rows = await rowsWithTokens(db)
  const files = photoFiles(photos)
  return rows.map((row) => ({
    token: tokenIn(row.text),
    actor: row.actor,
    incidentId: row.incident_id,
    contentHash: hashOfContent({ text: row.text, ...(row.report && { report: row.report }) }),
    photoHashes: (row.hashes ?? []).filter((hash) => files.has(`${row.actor}/${hash}`)),
  }))
}

function rowsWithTokens(db: Database): Promise<Row[]> {
  return db.query<Row>(
    `with said as (
       select i.description as text, i.reported_by as actor, i.id as incident_id, i.district_code, l.command_id,
         jsonb_build_object('categoryCode', i.category_code, 'severity', i.severity, 'lon', i.lon, 'lat', i.lat) as report
       from public.incidents i
       -- an incident counts also where it has no entry, as one doubled by hand would
       left join public.incident_log l on l.district_code = i.district_code and l.incident_id = i.id and l.kind = 'reported'
       where i.description like '%⟦%⟧%'
       union all
       select l.note, l.actor, l.incident_id, l.district_code, l.command_id, null
       from public.incident_log l where l.note like '%⟦%⟧%'
     )
     select s.text, s.actor::text, s.incident_id::text, s.report,
       (select array_agg(p.hash) from public.incident_photos p
        join public.photo_checks k on k.owner = p.owner and k.hash = p.hash and k.verdict = 'ok'
        where p.district_code = s.district_code and p.incident_id = s.incident_id
          and p.command_id = s.command_id) as hashes
     from said s`,
  )
}

/** `owner/hash` of every file whose bytes are those of its name. */
function photoFiles(folder: string): Set<string> {
  const found = new Set<string>()
  if (!existsSync(folder)) return found
  for (const owner of readdirSync(folder)) {
    if (owner.startsWith('.')) continue
    for (const file of readdirSync(join(folder, owner))) {
      const hash = file.replace(/\.\w+$/, '')
      if (sha256Hex(readFileSync(join(folder, owner, file))) === hash) found.add(`${owner}/${hash}`)
    }
  }
  return found
}
