import '../alias.ts'
const { generateIncidents } = await import('../generate/incidents.ts')
const { openBenchDatabase } = await import('./database.ts')
import { readFileSync, writeFileSync } from 'node:fs'
const src = readFileSync('tests/bench/sql/rates.bench.ts', 'utf8')
const sql = /await db\.exec\(`([\s\S]*?)`\)/.exec(src)![1]!
const bench = await openBenchDatabase()
await generateIncidents(bench.db, { rows: Number(process.argv[2]), log: console.log })
console.log('generated', new Date())
await bench.db.exec(sql)
await bench.db.exec('vacuum analyze public.incident_clocks')
const [r] = await bench.db.query<any>('select current_database() as d, inet_server_port() as p')
writeFileSync('/tmp/rates-db.json', JSON.stringify(r))
console.log('ready', r, new Date())
setInterval(() => {}, 1e6)
