import { open } from './.spike.ts'
import { importAreas } from './import-areas.ts'
import { importIncidents } from './import-incidents.ts'
import { parseMapping } from './mapping.ts'
import { reportText } from './report.ts'
const db = await open()
await db.exec(`insert into city_settings (name, locale, time_zone, west, south, east, north) values ('San Francisco','en','America/Los_Angeles',-122.52,37.70,-122.35,37.83);
insert into categories (code,path,class,name_zh,name_en,icon,color) values ('other','other/','event','x','x','lucide:x','#000000')`)
for (const level of ['city', 'community', 'grid'] as const) {
  const t = performance.now()
  const r = await importAreas(db, { file: `supabase/seed/demo/areas_${level}.geojson`, level, code: 'code', name: 'name', parent: level === 'city' ? undefined : 'parent_code' })
  console.log(reportText(r), performance.now() - t)
}
const mapping = parseMapping(JSON.stringify({ source: 'sf311', columns: { id: 'id', reportedAt: 'reported_at', closedAt: 'closed_at', lon: 'lng', lat: 'lat', stage: 'status', description: ['source_type', 'source_details'], channel: 'channel' }, categories: { otherwise: 'other' }, stages: { map: { open: 'reported', closed: 'closed' } } }), 'm')
for (let i = 0; i < 2; i++) {
  const t = performance.now()
  const r = await importIncidents(db, { file: 'supabase/seed/demo/incidents.csv.gz', mapping, onProgress: (s) => console.log(s, performance.now() - t) })
  console.log(reportText(r).slice(0, 800), performance.now() - t)
}
await db.close()
