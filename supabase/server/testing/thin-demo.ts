import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { demoCities } from '../base/demo.ts'

const incidents = 'incidents.csv.gz'

/** Fills `folder` with the files of the first demo city, of whose incidents every `nth` row stays. */
export function writeThinDemo(folder: string, nth: number): void {
  const whole = demoCities[0].folder
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(whole)) copyFileSync(join(whole, name), join(folder, name))
  const lines = gunzipSync(readFileSync(join(whole, incidents))).toString('utf8').split('\n')
  // the head is the first line
  const thin = lines.filter((line, at) => line === '' || at % nth === 0)
  writeFileSync(join(folder, incidents), gzipSync(thin.join('\n')))
}

// `node --import FILE` of a command: its demo has the files of that folder
const folder = process.env.THIN_DEMO
if (folder) demoCities[0].folder = `${folder}/`
