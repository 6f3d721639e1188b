import { open } from './.spike.ts'
import { importAreas } from './import-areas.ts'
const db = await open()
await db.exec(`insert into city_settings (name, locale, time_zone, west, south, east, north) values ('San Francisco','en','America/Los_Angeles',-122.52,37.70,-122.35,37.83);`)
for (const level of ['city', 'community', 'grid'] as const)
  await importAreas(db, { file: `supabase/seed/demo/areas_${level}.geojson`, level, code: 'code', name: 'name', parent: level === 'city' ? undefined : 'parent_code' })
for (let i=0;i<3;i++){
const t=performance.now()
const r = await db.query(`select count(*)::int from (select array_agg(-122.5+0.12*random()) lon, array_agg(37.71+0.1*random()) lat from generate_series(1,2000)) a cross join lateral private.areas_of_points(a.lon,a.lat)`)
console.log(r, performance.now()-t)}
await db.close()
