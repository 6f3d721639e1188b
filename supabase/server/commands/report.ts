import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { isReportMonth } from '../../../src/domain/report/report-days.ts'
import { openDatabase } from '../backend/open-database.ts'
import { isSupabase } from '../backend/provision.ts'
import type { Database } from '../base/database-types.ts'
import { messageOf, ServerError } from '../base/errors.ts'
import { loadSecrets } from '../base/secrets.ts'
import { settingsFrom } from '../base/settings.ts'
import type { Settings } from '../base/settings.ts'
import { readCity } from '../doors/app-config.ts'
import { lockHolder } from '../owner/lock.ts'
import { findChromium } from '../report/chromium.ts'
import { printReport, reportLanguages, type ReportLanguage } from '../report/print-report.ts'
import { readerOf, readerSession, reportArea } from '../report/reader.ts'

const usage = `npm run report -- --period 2026-10 --out FILE.pdf [--area CODE] [--lang zh-CN|en]

  Prints the monthly report of /report as a PDF, through a Chromium of this machine (CHROMIUM_PATH
  names it where it is not found). Uses the running server, else starts one for itself.
  --area  by default the whole city
  --lang  by default the city's language
  A file that is there already is not overwritten.`

interface Wish {
  period: string
  area: string | null
  language: ReportLanguage | null
  out: string
}

class UsageError extends Error {}

function wishOf(args: string[]): Wish {
  const text = { type: 'string' } as const
  const options = { period: text, area: text, lang: text, out: text }
  let values: { period?: string; area?: string; lang?: string; out?: string }
  try {
    ;({ values } = parseArgs({ args, options }))
  } catch (error) {
    throw new UsageError(messageOf(error))
  }
  const { period, area = null, lang, out } = values
  if (!period || !isReportMonth(period))
    throw new UsageError(`--period is a month like 2026-10${period ? `, not ${period}` : ''}.`)
  if (!out) throw new UsageError('--out names the file to write.')
  const language = reportLanguages.find((one) => one === lang) ?? null
  if (lang && !language) throw new UsageError(`--lang is one of ${reportLanguages.join(', ')}.`)
  return { period, area, language, out: resolve(out) }
}

interface Opened {
  db: Database
  url: string
  close(): Promise<void>
}

/** The running server, or one for this command alone. */
async function openServer(settings: Settings): Promise<Opened> {
  const { dataDir } = settings
  const running = lockHolder(dataDir)
  if (running) {
    const db = await openDatabase()
    const { url } = running
    if (!url) throw new ServerError('The running server is not ready yet. Try again in a moment.')
    return { db, url, close: () => db.close() }
  }
  const { buildApp } = await import('../start/build-app.ts')
  const { startServer } = await import('../start/server.ts')
  await buildApp(settings.distDir, () => console.log('· Building the app'))
  const quiet = { host: '127.0.0.1', port: 0, publicUrl: null, tls: null, trustedProxy: false }
  const server = await startServer({ ...settings, ...quiet, dev: false })
  return { db: server.database(), url: server.localUrl, close: () => server.close() }
}

async function makeReport(wish: Wish): Promise<void> {
  const settings = settingsFrom(process.env)
  if (settings.supabase)
    throw new ServerError('On a Supabase print the page /report from a browser instead.')
  if (existsSync(wish.out))
    throw new ServerError(`${wish.out} is there already: name another file.`)
  findChromium()
  const { db, url, close } = await openServer(settings)
  try {
    if (await isSupabase(db))
      throw new ServerError('On a Supabase print the page /report from a browser instead.')
    const city = await readCity(db)
    if (!city) throw new ServerError('There is no city yet. Start the server once: npm start')
    const area = await reportArea(db, wish.area)
    const reader = await readerOf(db, area)
    const language = wish.language ?? (city.city.locale.startsWith('zh') ? 'zh-CN' : 'en')
    const session = await readerSession(reader, loadSecrets(settings.dataDir).jwtSecret)
    const { instanceId } = city
    const { period, out } = wish
    const pdf = await printReport({ url, instanceId, session, period, area, language })
    await writeFile(out, pdf, { flag: 'wx' })
    console.log(`The report of ${area.name} for ${period} is in ${out}`)
  } finally {
    await close()
  }
}

/** @returns 0 done, 1 no report, 2 wrong command line. */
async function main(args: string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(usage)
    return 0
  }
  try {
    await makeReport(wishOf(args))
    return 0
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${usage}`)
      return 2
    }
    const { code, syscall } = error as NodeJS.ErrnoException
    if (typeof code === 'string' && syscall)
      console.error(`The report could not be written: ${messageOf(error)}`)
    else console.error(error instanceof ServerError ? error.message : error)
    return 1
  }
}

process.exitCode = await main(process.argv.slice(2))
