import { generateIncidents } from '../generate/incidents.ts'
import { readSample } from '../generate/sample.ts'
import type { BenchResult } from '../run.ts'
import { openBenchDatabase, quantile, times, withoutIndexes } from './database.ts'
import type { BenchDatabase } from './database.ts'

/** Common, rare and unknown words, several together, the beginning of many, and a case number. */
const searched = [
  ...['street', 'st', 'abandoned vehicle', 'debris', 'graffiti public', 'mission 16th', 'mercedes'],
  ...['mattress bed', 'zzzqq', '2015-001234'],
]
const calls = 9
const target = 150

/** The search on a native Postgres whose incidents have the texts of the demo city's. */
export async function run({
  rows,
  log,
}: {
  rows: number
  log: (line: string) => void
}): Promise<BenchResult[]> {
  const bench = await openBenchDatabase()
  try {
    await generateIncidents(bench.db, { rows, log })
    await giveTexts(bench)
    const measured: { text: string; ms: number }[] = []
    for (const text of searched) {
      const taken = await times(calls, () => bench.call('incident_search($1, 8)', [text]))
      measured.push({ text, ms: quantile(taken, 0.5) })
      log(`${text}: ${measured.at(-1)!.ms.toFixed(1)} ms`)
    }
    const worst = measured.toSorted((a, b) => b.ms - a.ms)[0]!
    return [
      {
        name: `search, own Postgres with ${rows} incidents, worst of ${searched.length} texts, milliseconds`,
        ratio: worst.ms,
        target: `≤ ${target}`,
        pass: worst.ms <= target,
        detail: `medians of ${calls}: ${measured.map(({ text, ms }) => `${text} ${ms.toFixed(0)}`).join(', ')}`,
      },
    ]
  } finally {
    await bench.db.close()
  }
}

/** Texts of real incidents, and an address: each has the word street, one in thirty the number. */
async function giveTexts({ db }: BenchDatabase): Promise<void> {
  const texts = readSample().map(({ description }) => description)
  await db.exec('alter table public.incidents disable trigger user')
  await withoutIndexes(db, 'public.incidents', () =>
    db.query(
      `with text as materialized (
         select e.value as description, e.n - 1 as n
         from jsonb_array_elements_text($1::text::jsonb) with ordinality as e (value, n))
       update public.incidents i set description = t.description,
         address_label = format('%sth Street / Mission Street', 1 + i.qx % 30)
       from text t where t.n = (i.qx * 31 + i.qy * 7) % $2::text::integer`,
      [JSON.stringify(texts), String(texts.length)],
    ),
  )
  await db.exec('alter table public.incidents enable trigger user')
  await db.exec('vacuum analyze public.incidents')
}
