import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { areaLevels } from '../../../src/domain/vocabulary.ts'
import type { AreaLevel } from '../../../src/domain/vocabulary.ts'
import { isSupabase } from '../backend/provision.ts'
import { openDatabase } from '../backend/open-database.ts'
import { describeWait, sayingWaits, withWaits } from '../backend/waiting.ts'
import type { Database } from '../base/database-types.ts'
import { demoCities, demoCity } from '../base/demo.ts'
import { messageOf, ServerError } from '../base/errors.ts'
import { loadDemoCity } from '../import/demo-city.ts'
import { importAreas } from '../import/import-areas.ts'
import { importCalendar } from '../import/import-calendar.ts'
import { importControls } from '../import/import-controls.ts'
import { importIncidents } from '../import/import-incidents.ts'
import { importSurvey, readSurveyMappingFile } from '../import/import-survey.ts'
import { importStandard } from '../import/import-standard.ts'
import { readMapping } from '../import/mapping.ts'
import { terminalProgress } from '../import/progress.ts'
import type { Progress } from '../import/progress.ts'
import { emptyReport, openReport, reportText } from '../import/report.ts'
import type { ImportReport, ReportFiles } from '../import/report.ts'
import { ImportFileError } from '../import/text-source.ts'
import { PhotoStore, photosFolder } from '../photos/photo-store.ts'
import { settingsFrom } from '../base/settings.ts'

const usage = `npm run import -- areas FILE --level LEVEL --code PROPERTY --name PROPERTY [--parent PROPERTY]
                    [--households PROPERTY] [--crs SYSTEM] [--layer NAME] [--encoding gb18030] [--check]
                    [--close-missing] [--parent-by-overlap] [--allow-overlap] [--dissolve] [--replace-box]
npm run import -- incidents FILE --mapping MAPPING.json [--encoding gb18030] [--layer SHEET] [--update] [--check]
npm run import -- calendar FILE.json (--calendar CALENDAR | --area CODE) [--hours HOURS]...
npm run import -- standard FILE.csv [--check] [--retire-missing] [--encoding gb18030]
npm run import -- controls FILE.csv [--check] [--retire-missing] [--encoding gb18030]
npm run import -- survey FILE --mapping MAPPING.json [--check] [--encoding gb18030] [--layer SHEET]
npm run import -- demo [CITY]

  CITY        ${demoCities.map(({ id }) => id).join(', ')}
  --level     ${areaLevels.join(', ')}
  --crs       WGS84, CGCS2000, GCJ-02, BD-09 or EPSG:number; else what the file says
  --layer     of a file with several layers or sheets
  --parent-by-overlap  the parent is the area above that holds most of it, whatever the file says
  --allow-overlap  stores areas of one level that share ground
  --dissolve  joins the parts of an area that touch or overlap
  --replace-box  the city's polygon brings its own box
  --close-missing  areas of this level that the file does not hold end today
  --calendar  code of a working calendar; cn and us are shipped, FILE as holiday-cn writes it
  --area      the calendar of this area and those below it; made from the one above where it has none
  --hours     working hours, once for each kind of day: "1-5 08:00-12:00 14:00-18:00"
  --check     reads and reports, stores nothing
  --retire-missing  what the file lacks is used no more
  --report    where the report goes, without ending; default: imports/ in the data folder
  See supabase/server/import/README.md for the mapping.`

const listedOnScreen = 20

interface Answers {
  values: Partial<
    Record<
      | 'level'
      | 'code'
      | 'name'
      | 'parent'
      | 'households'
      | 'mapping'
      | 'encoding'
      | 'crs'
      | 'layer'
      | 'calendar'
      | 'area'
      | 'report',
      string
    >
  > & { hours?: string[] } & Partial<
      Record<
        | 'parent-by-overlap'
        | 'allow-overlap'
        | 'dissolve'
        | 'replace-box'
        | 'close-missing'
        | 'update'
        | 'check'
        | 'retire-missing'
        | 'help',
        boolean
      >
    >
  positionals: string[]
}

function readArguments(args: string[]): Answers {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        level: text,
        code: text,
        name: text,
        parent: text,
        'parent-by-overlap': flag,
        'allow-overlap': flag,
        dissolve: flag,
        'replace-box': flag,
        crs: text,
        layer: text,
        'close-missing': flag,
        households: text,
        mapping: text,
        encoding: text,
        calendar: text,
        area: text,
        hours: { type: 'string', multiple: true },
        check: flag,
        'retire-missing': flag,
        update: flag,
        report: text,
        help: flag,
      },
    })
  } catch (error) {
    throw new UsageError(messageOf(error))
  }
}

class UsageError extends Error {}

function isLevel(level: string | undefined): level is AreaLevel {
  return areaLevels.some((known) => known === level)
}

type Job = (
  db: Database,
  say: (text: string) => void,
  rejectedFile: string,
) => Promise<ImportReport>

interface Task {
  job: Job
  kind: ImportReport['kind']
  file: string
}

function calendarJob(file: string, { calendar, area, hours }: Answers['values']): Job {
  if (!calendar && !area) throw new UsageError('--calendar CALENDAR or --area CODE is needed.')
  return (db, say) =>
    importCalendar(db, {
      file,
      ...(calendar ? { calendar } : {}),
      ...(area ? { area } : {}),
      ...(hours ? { hours } : {}),
      onProgress: ({ looked, moved }) => say(`${looked} open incidents looked at, ${moved} moved`),
    })
}

function areasJob(file: string, values: Answers['values']): Job {
  const { level, code = 'code', name = 'name', parent, households, crs, layer, encoding } = values
  if (!isLevel(level)) throw new UsageError(`--level is one of ${areaLevels.join(', ')}.`)
  return (db, say) =>
    importAreas(db, {
      file,
      level,
      code,
      name,
      parentByOverlap: values['parent-by-overlap'] ?? false,
      allowOverlap: values['allow-overlap'] ?? false,
      dissolve: values.dissolve ?? false,
      replaceBox: values['replace-box'] ?? false,
      closeMissing: values['close-missing'] ?? false,
      checkOnly: values.check ?? false,
      ...(parent ? { parent } : {}),
      ...(households ? { households } : {}),
      ...(crs ? { crs } : {}),
      ...(layer ? { layer } : {}),
      ...(encoding ? { encoding } : {}),
      onProgress: ({ checked, total }) => say(`${checked} of ${total} areas checked`),
    })
}

/** Checks the command line before opening a database. */
async function jobOf({ values, positionals }: Answers): Promise<Task> {
  const [kind, file, ...rest] = positionals
  if (kind === 'demo' && rest.length === 0) {
    const city = file === undefined ? demoCities[0] : demoCity(file)
    if (!city) throw new UsageError(`There is no demo city "${file}".`)
    const job: Job = async (db, say) => {
      const isOwn = !(await isSupabase(db))
      const photos = isOwn
        ? new PhotoStore(photosFolder(settingsFrom(process.env).dataDir))
        : undefined
      return loadDemoCity(db, { city, accounts: isOwn, photos, onProgress: say })
    }
    return { job, kind: 'incidents', file: 'demo' }
  }
  if (file === undefined || rest.length > 0) throw new UsageError('Name one file.')
  if (kind === 'areas') {
    return { job: areasJob(file, values), kind, file }
  }
  if (kind === 'incidents') {
    if (!values.mapping) throw new UsageError('--mapping MAPPING.json is needed.')
    const mapping = await readMapping(values.mapping)
    const job: Job = (db, say, rejectedFile) =>
      importIncidents(db, {
        file,
        rejectedFile,
        mapping,
        ...(values.encoding ? { encoding: values.encoding } : {}),
        ...(values.layer ? { layer: values.layer } : {}),
        update: values.update ?? false,
        checkOnly: values.check ?? false,
        onFound: (found) => console.log(found),
        onProgress: ({ read, stored, rejected }) =>
          say(`${read} read, ${stored} stored, ${rejected} rejected`),
      })
    return { job, kind, file }
  }
  if (kind === 'survey') {
    if (!values.mapping) throw new UsageError('--mapping MAPPING.json is needed.')
    const mapping = await readSurveyMappingFile(values.mapping)
    const job: Job = (db) =>
      importSurvey(db, {
        ...{ file, mapping, checkOnly: values.check ?? false },
        ...(values.encoding ? { encoding: values.encoding } : {}),
        ...(values.layer ? { layer: values.layer } : {}),
      })
    return { job, kind, file }
  }
  if (kind === 'calendar') return { job: calendarJob(file, values), kind, file }
  if (kind === 'standard' || kind === 'controls') {
    const importTable = kind === 'standard' ? importStandard : importControls
    const job: Job = (db) =>
      importTable(db, {
        file,
        ...(values.encoding ? { encoding: values.encoding } : {}),
        checkOnly: values.check ?? false,
        retireMissing: values['retire-missing'] ?? false,
      })
    return { job, kind, file }
  }
  throw new UsageError(
    `"${kind ?? ''}" is not something to import: areas, incidents, calendar, standard, controls, survey or demo.`,
  )
}

const endings = /(\.(csv|txt|xlsx|geojsonl?|json|zip|kmz|kml|gpkg|fgb))?(\.gz)?$/i

/** By default beside the data. */
function reportBase(values: Answers['values'], file: string): string {
  if (values.report) return resolve(values.report)
  const folder = join(settingsFrom(process.env).dataDir, 'imports')
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return join(folder, `${basename(file).replace(endings, '')}-${stamp}`)
}

/** Writes the report even after a failure. */
async function run(task: Task, files: ReportFiles, progress: Progress): Promise<ImportReport> {
  const startedAt = new Date().toISOString()
  let db: Database | null = null
  const describe = (): Promise<string> => describeWait(process.env)
  const say = (text: string): void => {
    progress.done()
    console.error(text)
  }
  const work = async (): Promise<ImportReport> => {
    db = await sayingWaits(openDatabase, describe, say)
    return task.job(withWaits(db, describe, say), (text) => progress.update(text), files.rejected)
  }
  try {
    const report = await work().catch(async (error: unknown) => {
      progress.done()
      await files.write(emptyReport(task.kind, task.file, startedAt, messageOf(error)))
      throw error
    })
    progress.done()
    // Screen first: a full disk may refuse the files.
    console.log(reportText(report, listedOnScreen))
    await files.write(report)
    console.log(`The whole report: ${files.paths.join(', ')}`)
    return report
  } finally {
    await (db as Database | null)?.close()
  }
}

/** @returns 0 done, 1 nothing imported or broken off, 2 wrong command line. */
async function main(args: string[]): Promise<number> {
  try {
    const answers = readArguments(args)
    if (answers.values.help) {
      console.log(usage)
      return 0
    }
    const task = await jobOf(answers)
    const files = await openReport(reportBase(answers.values, task.file))
    const report = await run(task, files, terminalProgress())
    const isUseful = report.stored + report.updated + report.unchanged > 0
    return isUseful && report.brokenOff === null ? 0 : 1
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${usage}`)
      return 2
    }
    const isExpected = error instanceof ImportFileError || error instanceof ServerError
    console.error(isExpected ? error.message : error)
    return 1
  }
}

process.exitCode = await main(process.argv.slice(2))
