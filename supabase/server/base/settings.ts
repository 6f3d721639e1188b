import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { demoCities, demoCity } from './demo.ts'
import type { DemoCity } from './demo.ts'
import { messageOf, ServerError } from './errors.ts'

export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url))

export interface Settings {
  dataDir: string
  host: string
  port: number
  /** Origin people use, behind a proxy or name. */
  publicUrl: string | null
  tls: { cert: string; key: string } | null
  /** Trust X-Forwarded-For, -Host and -Proto. */
  trustedProxy: boolean
  databaseUrl: string | null
  /** Then this server only serves the app and `config.json`. */
  supabase: { url: string; publishableKey: string } | null
  allowDemoAccounts: boolean
  /** Snapshots after changes; 0 turns them off. */
  snapshotMs: number
  /** Per person. */
  photoQuotaBytes: number
  /** Monthly reports kept in the data folder; null without a schedule. */
  reports: ReportSettings | null
  /** `unsaid`: the default demo, or the city already there. */
  demo: DemoCity | 'none' | 'unsaid'
  demoToday: boolean
  /** Go on without the damaged lines of the journal. */
  acceptLoss: boolean
  dev: boolean
  distDir: string
}

export interface ReportSettings {
  /** Codes. */
  areas: string[]
  /** Of the month, on which the report of the month before is due. */
  day: number
  /** Null is the city's. */
  language: 'zh-CN' | 'en' | null
  mail: ReportMail | null
}

export interface ReportMail {
  smtpUrl: string
  from: string
  to: string[]
}

type Env = Record<string, string | undefined>

/** Throws `ServerError` naming the faulty variable. */
export function settingsFrom(env: Env, args: readonly string[] = []): Settings {
  const options = optionsFrom(args)
  if (options.demoToday && env.SUPABASE_URL)
    throw new ServerError('--demo-today needs the database itself, not SUPABASE_URL.')
  const reports = reportsFrom(env)
  if (reports && env.SUPABASE_URL)
    throw new ServerError('REPORT_AREAS needs the database itself, not SUPABASE_URL.')
  return {
    dataDir: dataDirFrom(env),
    host: env.HOST || '127.0.0.1',
    port: integerFrom(env, 'PORT', 4173, 0, 65535),
    publicUrl: publicUrlFrom(env),
    tls: tlsFrom(env),
    trustedProxy: flagFrom(env, 'TRUSTED_PROXY'),
    databaseUrl: env.DATABASE_URL || null,
    supabase: supabaseFrom(env),
    allowDemoAccounts: flagFrom(env, 'ALLOW_DEMO_ACCOUNTS'),
    snapshotMs: integerFrom(env, 'SNAPSHOT_MINUTES', 15, 0, 1440) * 60_000,
    photoQuotaBytes: integerFrom(env, 'PHOTO_QUOTA_MB', 10_240, 1, 100_000_000) * 1024 * 1024,
    reports,
    ...options,
    distDir: join(projectRoot, 'dist'),
  }
}

function optionsFrom(
  args: readonly string[],
): Pick<Settings, 'demo' | 'demoToday' | 'acceptLoss' | 'dev'> {
  const known = `--demo none|${demoCities.map(({ id }) => id).join('|')}, --demo-today, --accept-loss, --dev`
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        demo: { type: 'string' },
        'demo-today': { type: 'boolean', default: false },
        'accept-loss': { type: 'boolean', default: false },
        dev: { type: 'boolean', default: false },
      },
    })
    const { demo = 'unsaid', 'demo-today': demoToday, 'accept-loss': acceptLoss, dev } = values
    const chosen = demo === 'none' || demo === 'unsaid' ? demo : demoCity(demo)
    if (!chosen || (values.demo && demo === 'unsaid'))
      throw new ServerError(`There is no demo city "${demo}". Known: ${known}.`)
    return { demo: chosen, demoToday, acceptLoss, dev }
  } catch (error) {
    if (error instanceof ServerError) throw error
    throw new ServerError(`${messageOf(error)} Known: ${known}.`)
  }
}

export function dataDirFrom(env: Env): string {
  return resolve(projectRoot, env.DATA_DIR || '.wangge/data')
}

/** Null for the database in the data folder. */
export function databaseName(databaseUrl: string | null): string | null {
  if (!databaseUrl) return null
  const url = URL.parse(databaseUrl)
  if (!url) throw new ServerError('DATABASE_URL is not an address like postgres://user@host/name.')
  return `${url.hostname || 'localhost'}:${url.port || 5432}${url.pathname}`
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function integerFrom(env: Env, name: string, fallback: number, min: number, max: number): number {
  const text = env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ServerError(`${name}=${text} is not a whole number from ${min} to ${max}.`)
  }
  return value
}

function flagFrom(env: Env, name: string): boolean {
  const text = env[name] ?? ''
  if (['', '0', 'false', 'no'].includes(text)) return false
  if (['1', 'true', 'yes'].includes(text)) return true
  throw new ServerError(`${name}=${text} is neither 1 nor 0.`)
}

const listFrom = (text = ''): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)

function reportsFrom(env: Env): ReportSettings | null {
  const areas = listFrom(env.REPORT_AREAS)
  if (areas.length === 0) {
    if (env.REPORT_MAIL_TO) throw new ServerError('REPORT_MAIL_TO needs REPORT_AREAS with it.')
    return null
  }
  const mail = reportMailFrom(env)
  const { REPORT_LANG: language } = env
  if (language && language !== 'zh-CN' && language !== 'en')
    throw new ServerError(`REPORT_LANG=${language} is neither zh-CN nor en.`)
  return {
    areas,
    day: integerFrom(env, 'REPORT_DAY', 2, 1, 28),
    language: (language || null) as ReportSettings['language'],
    mail,
  }
}

function reportMailFrom(env: Env): ReportMail | null {
  const to = listFrom(env.REPORT_MAIL_TO)
  if (to.length === 0) return null
  const wrong = [...to, env.REPORT_MAIL_FROM ?? ''].find((one) => !/^[^\s@]+@[^\s@]+$/.test(one))
  if (wrong !== undefined)
    throw new ServerError(
      `REPORT_MAIL_TO and REPORT_MAIL_FROM want e-mail addresses${wrong ? `, not ${wrong}` : ''}.`,
    )
  const { SMTP_URL: smtpUrl = '' } = env
  // The address may hold a password: it is not said.
  if (!/^smtps?:$/.test(URL.parse(smtpUrl)?.protocol ?? ''))
    throw new ServerError('REPORT_MAIL_TO needs SMTP_URL=smtp(s)://USER:PASSWORD@HOST:PORT.')
  return { smtpUrl, from: env.REPORT_MAIL_FROM!, to }
}

function publicUrlFrom(env: Env): string | null {
  if (!env.PUBLIC_URL) return null
  const url = URL.parse(env.PUBLIC_URL)
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/') {
    throw new ServerError(
      `PUBLIC_URL=${env.PUBLIC_URL} is not an address like https://wangge.example.org.`,
    )
  }
  return url.origin
}

function tlsFrom(env: Env): Settings['tls'] {
  if (!env.TLS_CERT && !env.TLS_KEY) return null
  if (!env.TLS_CERT || !env.TLS_KEY) throw new ServerError('TLS_CERT and TLS_KEY go together.')
  for (const name of ['TLS_CERT', 'TLS_KEY'] as const) {
    if (!existsSync(env[name]!)) throw new ServerError(`${name}: no such file: ${env[name]}.`)
  }
  return {
    cert: readFileSync(env.TLS_CERT, 'utf8'),
    key: readFileSync(env.TLS_KEY, 'utf8'),
  }
}

function supabaseFrom(env: Env): Settings['supabase'] {
  if (!env.SUPABASE_URL) return null
  const url = URL.parse(env.SUPABASE_URL)
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new ServerError(`SUPABASE_URL=${env.SUPABASE_URL} is not an http(s) address.`)
  }
  const publishableKey = env.SUPABASE_PUBLISHABLE_KEY
  if (!publishableKey) throw new ServerError('SUPABASE_URL needs SUPABASE_PUBLISHABLE_KEY with it.')
  if (publishableKey.startsWith('sb_secret_')) {
    throw new ServerError(
      'SUPABASE_PUBLISHABLE_KEY holds a secret key; it would be shown to everyone.',
    )
  }
  return { url: env.SUPABASE_URL.replace(/\/+$/, ''), publishableKey }
}
