import { constants, setPriority } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { areaLevels } from '../../../src/domain/vocabulary.ts'
import type { AreaLevel } from '../../../src/domain/vocabulary.ts'
import { isSupabase } from '../backend/provision.ts'
import { openDatabase } from '../backend/open-database.ts'
import { describeWait, sayingWaits, withWaits } from '../backend/waiting.ts'
import type { Database } from '../base/database-types.ts'
import { demoCities, demoCity } from '../base/demo.ts'
import { messageOf } from '../base/errors.ts'
import { loadDemoCity } from '../import/demo-city.ts'
import { importAreas } from '../import/import-areas.ts'
import { importCalendar } from '../import/import-calendar.ts'
import { importControls } from '../import/import-controls.ts'
import { importIncidents } from '../import/import-incidents.ts'
import { importSurvey, readSurveyMappingFile } from '../import/import-survey.ts'
import { importStandard } from '../import/import-standard.ts'
import { readMapping } from '../import/mapping.ts'
import { readDraft } from '../import/draft-mapping.ts'
import { lookAtFile } from '../import/look.ts'
import { emptyReport, openReport } from '../import/report.ts'
import type { ImportReport, ReportFiles } from '../import/report.ts'
import { tellByLines, tellTerminal } from '../import/telling.ts'
import type { Telling } from '../import/telling.ts'
import { PhotoStore, photosFolder } from '../photos/photo-store.ts'
import { settingsFrom } from '../base/settings.ts'

const usage = `npm run import -- areas FILE --level LEVEL --code PROPERTY --name PROPERTY [--parent PROPERTY]
                    [--households PROPERTY] [--crs SYSTEM] [--layer NAME] [--encoding gb18030] [--check]
                    [--close-missing] [--parent-by-overlap] [--allow-overlap] [--dissolve] [--replace-box]
npm run import -- incidents FILE --mapping MAPPING.json [--encoding gb18030] [--layer SHEET] [--update] [--check]
npm run import -- look FILE [--mapping DRAFT.json] [--encoding gb18030] [--layer SHEET]
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
  --json      tells what happens by lines of JSON, and ends with the standard input
  --shown-as  the file's name in reports
  look        says what is in a file and proposes a mapping; so does incidents without a mapping
  --report    where the report goes, without ending; default: imports/ in the data folder
  See supabase/server/import/README.md for the mapping.`

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
      | 'report'
      | 'shown-as',
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
        | 'json'
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
        json: flag,
        'shown-as': text,
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

type Job = (db: Database, tell: Telling, rejectedFile: string) => Promise<ImportReport>

interface Task {
  job: Job
  kind: ImportReport['kind']
  file: string
}

function calendarJob(file: string, { calendar, area, hours }: Answers['values']): Job {
  if (!calendar && !area) throw new UsageError('--calendar CALENDAR or --area CODE is needed.')
  return (db, tell) =>
    importCalendar(db, {
      file,
      ...(calendar ? { calendar } : {}),
      ...(area ? { area } : {}),
      ...(hours ? { hours } : {}),
      onProgress: ({ looked, moved }) =>
        tell.progress(`${looked} open incidents looked at, ${moved} moved`),
    })
}

function areasJob(file: string, values: Answers['values']): Job {
  const { level, code = 'code', name = 'name', parent, households, crs, layer, encoding } = values
  if (!isLevel(level)) throw new UsageError(`--level is one of ${areaLevels.join(', ')}.`)
  return (db, tell) =>
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
      onProgress: ({ checked, total }) => tell.progress(`${checked} of ${total} areas checked`),
      signal: tell.signal,
    })
}

/** Checks the command line before opening a database. */
async function jobOf({ values, positionals }: Answers): Promise<Task> {
  const [kind, file, ...rest] = positionals
  if (kind === 'demo' && rest.length === 0) {
    const city = file === undefined ? demoCities[0] : demoCity(file)
    if (!city) throw new UsageError(`There is no demo city "${file}".`)
    const job: Job = async (db, tell) => {
      const isOwn = !(await isSupabase(db))
      const photos = isOwn
        ? new PhotoStore(photosFolder(settingsFrom(process.env).dataDir))
        : undefined
      return loadDemoCity(db, { city, accounts: isOwn, photos, onProgress: tell.progress })
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
    const job: Job = (db, tell, rejectedFile) =>
      importIncidents(db, {
        file,
        rejectedFile,
        mapping,
        ...(values.encoding ? { encoding: values.encoding } : {}),
        ...(values.layer ? { layer: values.layer } : {}),
        update: values.update ?? false,
        checkOnly: values.check ?? false,
        onFound: tell.found,
        onProgress: (counts) =>
          tell.progress(
            `${counts.read} read, ${counts.stored} stored, ${counts.rejected} rejected`,
            counts,
          ),
        onIndexes: () => tell.progress('all rows are read; indexes are made'),
        signal: tell.signal,
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
async function run(task: Task, files: ReportFiles, tell: Telling): Promise<ImportReport> {
  const startedAt = new Date().toISOString()
  let db: Database | null = null
  const describe = (): Promise<string> => describeWait(process.env)
  const work = async (): Promise<ImportReport> => {
    db = await sayingWaits(openDatabase, describe, tell.waiting)
    // a file is read beside a server that people wait for
    if (db.isShared) setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
    return task.job(withWaits(db, describe, tell.waiting), tell, files.rejected)
  }
  try {
    const report = await work().catch(async (error: unknown) => {
      tell.rest()
      await files.write(emptyReport(task.kind, task.file, startedAt, messageOf(error)))
      throw error
    })
    tell.rest()
    // Screen first: a full disk may refuse the files.
    tell.report(report)
    await files.write(report)
    tell.kept(files.paths)
    return report
  } finally {
    await (db as Database | null)?.close()
  }
}

/** Says what is in the file, and which mapping would read it. */
async function look({ values, positionals }: Answers, tell: Telling): Promise<void> {
  const [, file, ...rest] = positionals
  if (file === undefined || rest.length > 0) throw new UsageError('Name one file.')
  const db = await openDatabase()
  try {
    const looked = await lookAtFile(db, {
      file,
      ...(values['shown-as'] ? { name: values['shown-as'] } : {}),
      ...(values.encoding ? { encoding: values.encoding } : {}),
      ...(values.layer ? { layer: values.layer } : {}),
      ...(values.mapping ? { draft: await readDraft(values.mapping) } : {}),
    })
    tell.look(looked)
  } finally {
    await db.close()
  }
}

/** @returns 0 done, 1 nothing imported or broken off, 2 wrong command line. */
async function work(answers: Answers, tell: Telling, shown: (text: string) => string) {
  const [kind] = answers.positionals
  if (kind === 'look') {
    await look(answers, tell)
    return 0
  }
  if (kind === 'incidents' && !answers.values.mapping && answers.positionals.length === 2) {
    await look(answers, tell)
    throw new UsageError(
      'Above is what the file holds. Put the mapping into a file, correct it, and name it with --mapping.',
    )
  }
  const task = await jobOf(answers)
  const files = await openReport(reportBase(answers.values, task.file), shown)
  const report = await run(task, files, tell)
  const isUseful = report.stored + report.updated + report.unchanged > 0
  return isUseful && report.brokenOff === null ? 0 : 1
}

async function main(args: string[]): Promise<number> {
  let tell = tellTerminal()
  try {
    const answers = readArguments(args)
    if (answers.values.help) {
      console.log(usage)
      return 0
    }
    const { json, 'shown-as': name } = answers.values
    const file = answers.positionals[1] ?? ''
    // within JSON too
    const plain = name?.replaceAll(/["\\\p{Cc}]/gu, '_')
    const shown = (text: string): string => (plain ? text.replaceAll(file, plain) : text)
    if (json) tell = tellByLines(shown)
    return await work(answers, tell, shown)
  } catch (error) {
    if (!(error instanceof UsageError)) tell.failed(error)
    else console.error(`${error.message}\n\n${usage}`)
    return error instanceof UsageError ? 2 : 1
  } finally {
    tell.close()
  }
}

process.exitCode = await main(process.argv.slice(2))
