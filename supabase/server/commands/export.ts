import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { openDatabase } from '../backend/open-database.ts'
import { messageOf, ServerError } from '../base/errors.ts'
import { exportControls, exportStandard } from '../import/export-tables.ts'
import { ImportFileError } from '../import/text-source.ts'

const usage = `npm run export -- standard FILE.csv
npm run export -- controls FILE.csv

  Writes the city's standard 立案标准 or its controls 管控 as npm run import reads them.
  A file that is there already is not overwritten.`

const exporters = { standard: exportStandard, controls: exportControls }

/** @returns 0 done, 1 not written, 2 wrong command line. */
async function main(args: readonly string[]): Promise<number> {
  const [kind = '', file, ...rest] = args
  if (args.includes('--help')) {
    console.log(usage)
    return 0
  }
  const isKnown = Object.hasOwn(exporters, kind)
  if (!isKnown || file === undefined || rest.length > 0) {
    console.error(usage)
    return 2
  }
  try {
    const db = await openDatabase()
    try {
      const { text, rows } = await exporters[kind as keyof typeof exporters](db)
      await writeFile(file, text, { flag: 'wx' })
      console.log(`${rows} rows are in ${resolve(file)}`)
      return 0
    } finally {
      await db.close()
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') console.error(`${file} is there already: name another file.`)
    else if (typeof code === 'string' && error instanceof Error && 'syscall' in error)
      console.error(`${file} cannot be written: ${messageOf(error)}`)
    else
      console.error(
        error instanceof ImportFileError || error instanceof ServerError ? error.message : error,
      )
    return 1
  }
}

process.exitCode = await main(process.argv.slice(2))
