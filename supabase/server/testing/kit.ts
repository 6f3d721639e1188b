import { createHmac, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../base/database-types.ts'
import { createEmptyCity } from '../import/empty-city.ts'
import { hashWithoutRule } from '../owner/passwords.ts'
import { addPerson } from '../owner/people.ts'
import type { Secrets } from '../base/secrets.ts'
import type { Settings } from '../base/settings.ts'
import { settingsFrom } from '../base/settings.ts'
import './short-life.ts'

export const adminEmail = 'first@city.example'
export const adminPassword = 'correct horse battery'
export const goodPassword = 'umbrella tractor violin'

export function temporaryFolder(name: string): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `wangge-${name}-`))
  mkdirSync(join(path, 'dist/assets'), { recursive: true })
  writeFileSync(join(path, 'dist/index.html'), '<!doctype html><title>Wangge</title>')
  writeFileSync(join(path, 'dist/assets/app-1a2b.js'), 'export {}')
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/**
 * Without snapshots by the timer: on a busy machine one could come between a receipt and the loss of
 * the database, and leave nothing to repeat.
 */
export function settingsIn(folder: string, env: Record<string, string> = {}): Settings {
  const own = { PORT: '0', DATA_DIR: join(folder, 'data'), SNAPSHOT_MINUTES: '0' }
  const settings = settingsFrom({ ...own, ...env })
  return { ...settings, distDir: join(folder, 'dist') }
}

/** One square around (113, 28), its admin and a demo account. */
export async function loadSmallCity(db: Database): Promise<void> {
  await createEmptyCity(db, {
    name: '测试市',
    locale: 'zh-CN',
    timeZone: 'Asia/Shanghai',
    bbox: [112.9, 27.9, 113.1, 28.1],
    adminEmail,
    adminPassword,
  })
  const passwordHash = await hashWithoutRule('wangge-demo')
  const demo = { email: 'admin@wangge.demo', displayName: 'Demo', passwordHash }
  await addPerson(db, demo, { role: 'admin', areaCode: 'CITY' })
}

export function secretsOf(folder: string): Secrets {
  return JSON.parse(readFileSync(join(folder, 'data/secrets.json'), 'utf8')) as Secrets
}

/** Adds a random session to claims that name none. */
export function signToken(claims: object, secret: string): string {
  const payload = { session_id: randomUUID(), ...claims }
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(payload)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  json: Record<string, unknown>
}

/** fetch would set Host and refuse Origin. */
export function send(
  port: number,
  method: string,
  path: string,
  options: {
    headers?: Record<string, string>
    body?: string | Uint8Array
    /** Use TLS and trust it. */
    certificate?: string
  } = {},
): Promise<Answer> {
  const { headers = {}, certificate } = options
  return new Promise((resolve, reject) => {
    const request = (certificate ? httpsRequest : httpRequest)(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers,
        ca: certificate,
        servername: 'localhost',
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: jsonOf(text),
          })
        })
      },
    )
    request.on('error', reject)
    request.end(options.body)
  })
}

/** Must be empty. */
export function grantedBehindTheScenes(db: Database): Promise<unknown[]> {
  return db.query(
    `select r.role, n.nspname || '.' || c.relname as name
       from (values ('anon'), ('authenticated')) r (role), pg_class c
       join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('auth', 'wangge_server')
      where case when c.relkind = 'S' then has_sequence_privilege(r.role, c.oid, 'usage, select, update')
                 when c.relkind in ('r', 'p', 'v', 'm') then
                   has_table_privilege(r.role, c.oid, 'select, insert, update, delete, truncate, references, trigger')
                   or has_any_column_privilege(r.role, c.oid, 'select, insert, update, references') end
     union all
     select r.role, n.nspname
       from (values ('anon'), ('authenticated')) r (role), pg_namespace n
      where has_schema_privilege(r.role, n.oid, 'create') and n.nspname in ('auth', 'wangge_server')
         or has_schema_privilege(r.role, n.oid, 'usage') and n.nspname = 'wangge_server'`,
  )
}

export function reportCommand(actor: string, id: string = randomUUID()) {
  const payload = JSON.stringify({
    incidentId: randomUUID(),
    categoryCode: 'street_cleaning',
    lon: 113,
    lat: 28,
    description: '垃圾 "未清"',
  })
  return { id, actor, type: 'report_incident', at: new Date().toISOString(), payload }
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}
