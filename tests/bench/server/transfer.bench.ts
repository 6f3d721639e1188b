import { request } from 'node:http'
import type { SupabaseClient } from '@supabase/supabase-js'
import { apiClient, call } from '../../kit/api.ts'
import { startAppServer } from '../../kit/app-server.ts'
import type { BenchResult } from '../run.ts'

/** Months a client asks for at once. */
const monthsPerCall = 24

/** Bytes of a body as it comes out of the door: whatever encoding the server chose. */
async function bodyBytes(url: string, client: SupabaseClient, months: string[]): Promise<number> {
  const { data } = await client.auth.getSession()
  const config = (await (await fetch(`${url}/config.json`)).json()) as { publishableKey: string }
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/rest/v1/rpc/incident_columns`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'accept-encoding': 'gzip, deflate, br, zstd',
        apikey: config.publishableKey,
        authorization: `Bearer ${data.session?.access_token ?? ''}`,
      },
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => (bytes += chunk.length))
      response.on('error', reject)
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(bytes)
          : reject(new Error(`HTTP ${response.statusCode}`)),
      )
    })
    sent.end(JSON.stringify({ p_months: months }))
  })
}

/** The demo city's columns as a browser gets them over HTTP, by who asks for them. */
export async function run({ log }: { log: (line: string) => void }): Promise<BenchResult[]> {
  const server = await startAppServer()
  try {
    const results: BenchResult[] = []
    for (const role of ['leader', 'manager'] as const) {
      const client = await apiClient(server.url, role)
      const { months } = await call<{ months: { month: string; count: number }[] }>(
        client,
        'incident_months',
      )
      let bytes = 0
      for (let at = 0; at < months.length; at += monthsPerCall) {
        const asked = months.slice(at, at + monthsPerCall).map(({ month }) => month)
        bytes += await bodyBytes(server.url, client, asked)
      }
      const incidents = months.reduce((sum, { count }) => sum + count, 0)
      const ratio = bytes / incidents
      const detail = `${bytes} bytes for ${incidents} incidents in ${months.length} months`
      log(`${role}: ${detail}`)
      const name = `columns over HTTP, ${role}: bytes an incident`
      // The target holds for these. A grid manager's months hold some twenty incidents each, and
      // what every month costs by itself shows.
      const isWholeCity = role === 'leader'
      results.push({
        name,
        ratio,
        target: isWholeCity ? '≤ 11' : 'none, for comparison',
        pass: !isWholeCity || ratio <= 11,
        detail,
      })
    }
    return results
  } finally {
    await server.stop()
  }
}
