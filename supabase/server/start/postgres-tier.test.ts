import { createHash } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lookUntil } from '../../../tests/kit/look-until.ts'
import { jpegFile } from '../../../tests/fixtures/photo-files.ts'
import { findPostgres, startCluster } from '../../tests/harness/cluster.ts'
import type { Cluster } from '../../tests/harness/cluster.ts'
import { openDatabase } from '../backend/open-database.ts'
import { importAreas } from '../import/import-areas.ts'
import { readMigrations } from '../owner/migrate.ts'
import { addPerson, grantRole, listPeople } from '../owner/people.ts'
import { startServer } from './server.ts'
import type { RunningServer } from './server.ts'
import {
  adminEmail,
  adminPassword,
  goodPassword,
  grantedBehindTheScenes,
  loadSmallCity,
  reportCommand,
  secretsOf,
  send,
  settingsIn,
  signToken,
  temporaryFolder,
} from '../testing/kit.ts'

const found = findPostgres()
if ('reason' in found) {
  if (process.env.WANGGE_REQUIRE_POSTGRES === '1') throw new Error(found.reason)
  console.warn(`The Postgres tier is not tested: ${found.reason}`)
}

describe.runIf('bin' in found)('one’s own Postgres behind the same door', () => {
  const folder = temporaryFolder('postgres')
  let cluster: Cluster
  let server: RunningServer
  let url: string

  beforeAll(async () => {
    cluster = await startCluster('bin' in found ? found.bin : '')
    url = cluster.url
    const settings = settingsIn(folder.path, { DATABASE_URL: url })
    server = await startServer(settings, { loadCity: loadSmallCity })
  })
  afterAll(async () => {
    await server?.close()
    await cluster?.stop()
    folder.remove()
  })

  const signIn = async () => {
    const apikey = secretsOf(folder.path).publishableKey
    const headers = { apikey, 'content-type': 'application/json' }
    const { json } = await send(server.port, 'POST', '/auth/v1/token?grant_type=password', {
      headers,
      body: JSON.stringify({ email: adminEmail, password: adminPassword }),
    })
    const { id } = json.user as { id: string }
    return { headers: { ...headers, authorization: `Bearer ${String(json.access_token)}` }, id }
  }

  test('says its tier, signs in, reads and writes', async () => {
    expect((await send(server.port, 'GET', '/config.json')).json).toMatchObject({
      tier: 'postgres',
    })
    const { headers, id } = await signIn()
    const context = await send(server.port, 'POST', '/rest/v1/rpc/session_context', {
      headers,
      body: '{}',
    })
    expect(context.json).toMatchObject({ userId: id })
    const receipts = await send(server.port, 'POST', '/rest/v1/rpc/apply_commands', {
      headers,
      body: JSON.stringify({ p_commands: [reportCommand(id)] }),
    })
    expect(JSON.parse(receipts.text)).toMatchObject([{ outcome: 'applied' }])
  })

  test('an incident on hold goes on at its instant, although nobody sends a command', async () => {
    const { headers, id } = await signIn()
    const report = reportCommand(id)
    await send(server.port, 'POST', '/rest/v1/rpc/apply_commands', {
      headers,
      body: JSON.stringify({ p_commands: [report] }),
    })
    const { incidentId } = JSON.parse(report.payload) as { incidentId: string }
    await server.database().query(
      `update public.incidents set on_hold = true, hold_until = clock_timestamp() + interval '300 ms'
       where id = $1`,
      [incidentId],
    )
    const logged = () =>
      server.database().query<{ onTime: boolean }>(
        `select l.at <= clock_timestamp() and not i.on_hold as "onTime" from public.incident_log l
         join public.incidents i on i.id = l.incident_id
         where l.incident_id = $1 and l.kind = 'resumed'`,
        [incidentId],
      )
    expect(await lookUntil(async () => (await logged()).length > 0)).toBe(true)
    expect(await logged()).toEqual([{ onTime: true }])
  })

  test('a photo is kept in the data folder and read by who sees its incident', async () => {
    const { headers, id } = await signIn()
    const person = { email: 'photos@city.example', displayName: 'P', password: goodPassword }
    const owner = await addPerson(server.database(), person, {
      role: 'field_staff',
      areaCode: 'CITY',
    })
    const exp = Math.floor(Date.now() / 1000) + 300
    const jwt = signToken(
      { sub: owner, role: 'authenticated', exp },
      secretsOf(folder.path).jwtSecret,
    )
    const asOwner = { ...headers, authorization: `Bearer ${jwt}` }
    const bytes = jpegFile()
    const hash = createHash('sha256').update(bytes).digest('hex')
    const path = `/storage/v1/object/photos/${owner}/${hash}.jpg`
    const uploading = { headers: { ...asOwner, 'content-type': 'image/jpeg' }, body: bytes }
    expect((await send(server.port, 'POST', path, uploading)).status).toBe(200)
    expect((await send(server.port, 'GET', path, { headers })).status).toBe(404)
    const photo = { hash, mediaType: 'image/jpeg', bytes: bytes.length, width: 16, height: 16 }
    const report = reportCommand(owner)
    const payload = JSON.stringify({ ...(JSON.parse(report.payload) as object), photos: [photo] })
    const { text } = await send(server.port, 'POST', '/rest/v1/rpc/apply_commands', {
      headers: asOwner,
      body: JSON.stringify({ p_commands: [{ ...report, payload }] }),
    })
    expect(JSON.parse(text)).toMatchObject([{ outcome: 'applied', missing_photos: [] }])
    expect(id).not.toBe(owner)
    expect((await send(server.port, 'GET', path, { headers })).status).toBe(200)
    expect(existsSync(join(folder.path, 'data/photos', owner, `${hash}.jpg`))).toBe(true)
  })

  test('requests come in as a login that is no superuser, and nothing was granted by lite', async () => {
    const db = server.database()
    const rows = await db.query(
      `select distinct usename, usesuper from pg_stat_activity join pg_user using (usename)
        where usename = 'wangge_api'`,
    )
    expect(rows).toEqual([{ usename: 'wangge_api', usesuper: false }])
    const granted = await db.query(
      `select 1 where has_table_privilege('authenticated', 'public.incidents', 'insert')
          or has_table_privilege('anon', 'public.incidents', 'select')`,
    )
    expect(granted).toEqual([])
    expect(await grantedBehindTheScenes(db)).toEqual([])
  })

  test('values come back as on the embedded tier', async () => {
    const [row] = await server.database().query(
      `select 5::bigint as small, 9007199254740993::bigint as large, 1.50::numeric as kept,
              1.5::numeric as number, '{"a":[1]}'::jsonb as json, $1::text::jsonb as given,
              $2::text[] as list, date '2020-02-29' as day`,
      ['{"x":"网格"}', ['a', 'b,c']],
    )
    expect(row).toEqual({
      small: 5,
      large: '9007199254740993',
      kept: '1.50',
      number: 1.5,
      json: { a: [1] },
      given: { x: '网格' },
      list: ['a', 'b,c'],
      day: '2020-02-29',
    })
  })

  test('commands beside the server go to its database, or to none', async () => {
    const { dataDir } = settingsIn(folder.path)
    const db = await openDatabase({ DATA_DIR: dataDir, DATABASE_URL: url })
    expect(await db.query('select name from public.city_settings')).toEqual([{ name: '测试市' }])
    await db.close()
    const another = new URL(url)
    another.pathname = '/template1'
    const opened = openDatabase({ DATA_DIR: dataDir, DATABASE_URL: another.href })
    await expect(opened).rejects.toThrow(/on .*\/postgres, but DATABASE_URL names .*\/template1\./)
  })

  describe('a Supabase', () => {
    let env: Record<string, string>

    beforeAll(async () => {
      const superuser = postgres(url, { onnotice: () => undefined, max: 1 })
      await superuser.unsafe('create role app_owner login; create role supabase_auth_admin')
      await superuser.unsafe('create database supabase owner app_owner')
      await superuser.end()
      const itsUrl = new URL(url)
      itsUrl.pathname = '/supabase'
      const platform = postgres(itsUrl.href, { onnotice: () => undefined, max: 1 })
      await platform.unsafe(`
        create schema extensions;
        create extension postgis with schema extensions;
        create schema auth authorization supabase_auth_admin;
        create table auth.users (id uuid primary key, email text);
        create function auth.uid() returns uuid language sql as 'select null::uuid';
        alter table auth.users owner to supabase_auth_admin;
        insert into auth.users values (gen_random_uuid(), 'someone@city.example');
        grant usage on schema extensions, auth to app_owner, anon, authenticated, service_role;
        grant select on auth.users to app_owner`)
      await platform.end()
      itsUrl.username = 'app_owner'
      env = { DATABASE_URL: itsUrl.href, DATA_DIR: join(folder.path, 'beside') }
    })

    test('without its migrations is refused by what to do', async () => {
      await expect(openDatabase(env)).rejects.toThrow('supabase db push')
      await expect(startServer(settingsIn(folder.path, env))).rejects.toThrow('SUPABASE_URL')
    })

    test('takes seeds and roles from its owner; nothing of ours is made there', async () => {
      const owner = postgres(env.DATABASE_URL!, { onnotice: () => undefined, max: 1 })
      for (const { sql } of readMigrations()) await owner.unsafe(sql)
      await owner.end()
      const db = await openDatabase(env)
      await db.exec(`
        insert into public.city_settings (name, locale, time_zone, west, south, east, north)
        values ('测试市', 'zh-CN', 'Asia/Shanghai', 112.9, 27.9, 113.1, 28.1)`)
      const square = {
        type: 'Polygon',
        coordinates: [
          [
            [112.95, 27.95],
            [113.05, 27.95],
            [113.05, 28.05],
            [112.95, 27.95],
          ],
        ],
      }
      const file = join(folder.path, 'city.geojson')
      const feature = { type: 'Feature', properties: { code: 'CITY', name: 'C' }, geometry: square }
      writeFileSync(file, JSON.stringify({ type: 'FeatureCollection', features: [feature] }))
      const report = await importAreas(db, { file, level: 'city', code: 'code', name: 'name' })
      expect(report.stored).toBe(1)
      await grantRole(db, 'someone@city.example', { role: 'leader', areaCode: 'CITY' })
      expect(await listPeople(db)).toMatchObject([{ memberships: [{ role: 'leader' }] }])
      expect(
        await db.query(
          `select nspname as name from pg_namespace where nspname in ('wangge_server', 'supabase_migrations')
           union all select relname from pg_class where has_table_privilege('wangge_api', oid, 'insert')
             and relnamespace in ('auth'::regnamespace, 'public'::regnamespace)`,
        ),
      ).toEqual([])
      await db.close()
    })
  })

  test('a wrong address is one clear line', async () => {
    const elsewhere = temporaryFolder('nowhere')
    const settings = settingsIn(elsewhere.path, { DATABASE_URL: 'postgres://x@127.0.0.1:1/x' })
    await expect(startServer(settings)).rejects.toThrow(/^DATABASE_URL: .+/)
    elsewhere.remove()
  })
})
