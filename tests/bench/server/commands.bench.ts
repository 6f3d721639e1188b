import { randomUUID } from 'node:crypto'
import type { SupabaseClient } from '@supabase/supabase-js'
import { apiClient, call } from '../../kit/api.ts'
import { startAppServer } from '../../kit/app-server.ts'
import { seededRandom } from '../generate/random.ts'
import type { BenchResult } from '../run.ts'

/** As many as a device sends in one call. */
const perCall = 200
const rounds = 5
/** Inside the demo city, from the Sunset to the Mission. */
const box = { west: -122.475, south: 37.74, east: -122.412, north: 37.78 }

interface Command {
  id: string
  payload: string
}
interface Receipt {
  id: string
  outcome: string
}

/**
 * Queues of reports through the real server: 1,000 in calls of 200 against one call a row, in turn;
 * and the same 1,000 again. Waiting for the rate limit counts as nothing.
 */
export async function run({ log }: { log: (line: string) => void }): Promise<BenchResult[]> {
  const server = await startAppServer()
  try {
    const client = await apiClient(server.url, 'field')
    const { data } = await client.auth.getUser()
    const reports = reportsOf(data.user!.id)
    const send = (commands: Command[]) => timedSend(client, commands, 'applied')
    // plans and caches
    await send(reports(perCall))
    await send(reports(1))
    let together = 0
    let singly = 0
    const sent: Command[][] = []
    for (let round = 0; round < rounds; round++) {
      const batch = reports(perCall)
      sent.push(batch)
      together += await send(batch)
      for (const command of reports(perCall)) singly += await send([command])
      log(
        `round ${round + 1}: ${together.toFixed(0)} ms in calls of ${perCall}, ${singly.toFixed(0)} ms one by one`,
      )
    }
    const before = await countOf(client)
    let again = 0
    for (const batch of sent) again += await timedSend(client, batch, 'replayed')
    const added = (await countOf(client)) - before
    const each = (milliseconds: number, n: number) => `${(milliseconds / n).toFixed(2)} ms each`
    const rows = rounds * perCall
    return [
      {
        name: `${rows} reports: one call a row ÷ calls of ${perCall}, embedded server`,
        ratio: singly / together,
        target: '≥ 20',
        pass: singly >= 20 * together,
        detail: `${each(singly, rows)} against ${each(together, rows)} over HTTP, journal synced`,
      },
      {
        name: `the same ${rows} sent again: rows added`,
        ratio: added,
        target: '= 0',
        pass: added === 0,
        detail: `all replayed, ${each(again, rows)}`,
      },
    ]
  } finally {
    await server.stop()
  }
}

/** Makes reports of `actor` at random places, as a phone would write them. */
function reportsOf(actor: string): (count: number) => Command[] {
  const random = seededRandom(7)
  return (count) =>
    Array.from({ length: count }, () => ({
      id: randomUUID(),
      actor,
      type: 'report_incident',
      at: new Date().toISOString(),
      payload: JSON.stringify({
        incidentId: randomUUID(),
        categoryCode: 'illegal_dumping',
        lon: box.west + random() * (box.east - box.west),
        lat: box.south + random() * (box.north - box.south),
        description: '路边堆放大件垃圾，占用人行道。A mattress and two chairs on the pavement.',
        severity: 2,
        addressLabel: '1200 Mission St',
        deviceAt: new Date().toISOString(),
        accuracyMeters: 8,
        placedBy: 'gps',
      }),
    }))
}

/** Milliseconds of one call that gave every command the wanted outcome. */
async function timedSend(
  client: SupabaseClient,
  commands: Command[],
  wanted: string,
): Promise<number> {
  for (;;) {
    const began = performance.now()
    const { data, error, status } = await client.rpc('apply_commands', { p_commands: commands })
    const taken = performance.now() - began
    if (status === 429) {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      continue
    }
    if (error) throw error
    const receipts = data as Receipt[]
    const wrong = receipts.find(
      ({ id, outcome }, n) => id !== commands[n]?.id || outcome !== wanted,
    )
    if (wrong || receipts.length !== commands.length) {
      throw new Error(`not ${wanted}: ${JSON.stringify(wrong)}`)
    }
    return taken
  }
}

async function countOf(client: SupabaseClient): Promise<number> {
  const { months } = await call<{ months: { count: number }[] }>(client, 'incident_months')
  return months.reduce((sum, { count }) => sum + count, 0)
}
