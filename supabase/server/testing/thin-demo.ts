import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { demoCities } from '../base/demo.ts'

const incidents = 'incidents.csv.gz'
/** Of a report or a closing. */
const time = /\d{4}-\d\d-\d\dT[\d:]{8}/g

const wholeYears = 2
const everyOlder = 10

/**
 * Fills `folder` with the files of the first demo city. The last two years, from which the demo's steps and
 * ratings are made, stay whole; of what is older every tenth row stays.
 */
export function writeThinDemo(folder: string): void {
  const { folder: whole, endsAt } = demoCities[0]
  const since = `${Number(endsAt.slice(0, 4)) - wholeYears}${endsAt.slice(4)}`
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(whole)) copyFileSync(join(whole, name), join(folder, name))
  const [head, ...rows] = gunzipSync(readFileSync(join(whole, incidents)))
    .toString('utf8')
    .split('\n')
  const isLate = (row: string): boolean => (row.match(time) ?? []).some((at) => at >= since)
  const thin = rows.filter((row, at) => at % everyOlder === 0 || isLate(row))
  writeFileSync(join(folder, incidents), gzipSync([head, ...thin].join('\n')))
}

/** Lets this process load the first demo city from that folder. @returns the way back */
export function useDemoIn(folder: string): () => void {
  const city = demoCities[0]
  const { folder: before } = city
  city.folder = `${folder}/`
  return () => void (city.folder = before)
}

// `node --import FILE`: a command's demo has the files of that folder
if (process.env.THIN_DEMO) useDemoIn(process.env.THIN_DEMO)
