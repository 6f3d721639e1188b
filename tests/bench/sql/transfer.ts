import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { PackedMonth } from '../../../src/domain/answers/columns.ts'
import type { BenchDatabase } from './database.ts'

/** Months a client asks for at once. */
const monthsPerCall = 24

export interface Transfer {
  incidents: number
  /** Bytes an incident over all months, as the server compresses them. */
  gzip: number
  brotli: number
  packed: PackedMonth[]
}

/** Fetches every month as a client does and weighs the answers. */
export async function measureTransfer({ call }: BenchDatabase): Promise<Transfer> {
  const { months } = await call<{ months: { month: string }[] }>('incident_months()')
  const packed: PackedMonth[] = []
  let gzip = 0
  let brotli = 0
  for (let at = 0; at < months.length; at += monthsPerCall) {
    const asked = months.slice(at, at + monthsPerCall).map((entry) => entry.month)
    const answer = await call<PackedMonth[]>('incident_columns($1::text::text[])', [
      `{${asked.join(',')}}`,
    ])
    const body = JSON.stringify(answer)
    gzip += gzipSync(body).length
    brotli += brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }).length
    packed.push(...answer)
  }
  const incidents = packed.reduce((sum, month) => sum + month.count, 0)
  return { incidents, gzip: gzip / incidents, brotli: brotli / incidents, packed }
}
