import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { normal, seededRandom } from './random.ts'
import { closingModels, readSample } from './sample.ts'

/** Spread around the real place that a row is drawn from, in degrees of latitude. */
const placeSpreadDegrees = 0.0008
const linesAtOnce = 5_000

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
const localText = (local: number): string => new Date(local).toISOString().slice(0, 19)

/**
 * Writes a CSV that the demo's mapping reads: rows drawn from the demo city's real ones, moved a little, on
 * another day of their month, with an id, an address and a text of their own. Equal seeds give equal files.
 */
export async function writeIncidentCsv(path: string, rows: number, seed = 1): Promise<void> {
  const random = seededRandom(seed)
  const sample = readSample()
  const models = closingModels(sample)
  const last = sample.reduce((latest, row) => Math.max(latest, row.reportedLocal), 0)
  const out = createWriteStream(path)
  out.write(
    'id,reported_at,closed_at,lng,lat,source_category,source_type,source_details,status,channel,address\n',
  )
  for (let from = 0; from < rows; from += linesAtOnce) {
    const lines = Array.from({ length: Math.min(linesAtOnce, rows - from) }, (_, n) => {
      const row = sample[Math.floor(random() * sample.length)]!
      const month = new Date(row.reportedLocal)
      const begin = Date.UTC(month.getUTCFullYear(), month.getUTCMonth(), 1)
      const reported = Math.min(last, begin + random() * 28 * 86_400_000)
      const model = models.get(row.sourceCategory)!
      const closed =
        reported + Math.exp(model.logMean + model.logSpread * normal(random)) * 3_600_000
      const isOpen = random() < model.openShare || closed > last
      const [type = '', details = ''] = row.description.split(' · ')
      return [
        String(from + n + 1),
        localText(reported),
        isOpen ? '' : localText(closed),
        (row.lon + normal(random) * placeSpreadDegrees * 1.26).toFixed(6),
        (row.lat + normal(random) * placeSpreadDegrees).toFixed(6),
        quoted(row.sourceCategory),
        quoted(type),
        quoted(details),
        isOpen ? 'open' : 'closed',
        'Open311',
        quoted(`${1 + Math.floor(random() * 3_000)} ${type.slice(0, 12)} Street`),
      ].join(',')
    })
    if (!out.write(`${lines.join('\n')}\n`)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'finish')
}
