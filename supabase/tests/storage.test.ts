import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { schemasFolder } from '../server/schema/plan.ts'
import { applyCommands, hashOf, photoRef, reportCommand } from './harness/commands.ts'
import { missingPostgres, openPostgresTestDatabase } from './harness/postgres.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'

/** The part of a Supabase's schema `storage` that policies stand on. */
const storageSchema = `
  create schema storage;
  create table storage.buckets (
    id text primary key, name text not null unique, owner uuid, owner_id text, public boolean default false,
    file_size_limit bigint, allowed_mime_types text[],
    created_at timestamptz default now(), updated_at timestamptz default now()
  );
  create table storage.objects (
    id uuid primary key default gen_random_uuid(), bucket_id text references storage.buckets (id),
    name text, owner uuid, owner_id text, metadata jsonb, created_at timestamptz default now(),
    unique (bucket_id, name)
  );
  alter table storage.buckets enable row level security;
  alter table storage.objects enable row level security;
  grant usage on schema storage to anon, authenticated, service_role;
  grant all on storage.buckets, storage.objects to anon, authenticated, service_role;
`
const file = '11_photos.sql'
const missing = missingPostgres()

describe.skipIf(missing !== null && process.env.WANGGE_REQUIRE_POSTGRES !== '1')(
  'storage of a Supabase (Postgres)',
  () => {
    let db: TestDatabase
    beforeAll(async () => {
      db = await openPostgresTestDatabase()
      await seedSmallCity(db)
      await db.exec(storageSchema)
      // where the schema was there first, as on every Supabase
      const sql = readFileSync(`${schemasFolder}${file}`, 'utf8')
      await db.exec(sql.slice(sql.indexOf('do $$')))
      await db.query(`insert into storage.buckets (id, name) values ('other', 'other')`)
    })
    afterAll(() => db?.close())

    const photo = hashOf('a photo')
    const put = (user: string, name: string, bucket = 'photos') =>
      db.asUser(user, (tx) =>
        tx.query('insert into storage.objects (bucket_id, name, owner_id) values ($1, $2, $3)', [
          bucket,
          name,
          user,
        ]),
      )
    const visible = (user: string) =>
      db.asUser(user, async (tx) =>
        (await tx.query<{ name: string }>('select name from storage.objects order by name')).map(
          ({ name }) => name,
        ),
      )

    it('has one private bucket with limits', async () => {
      expect(
        await db.query(
          `select public, file_size_limit::int as most, allowed_mime_types as types from storage.buckets where id = 'photos'`,
        ),
      ).toEqual([{ public: false, most: 5_242_880, types: ['image/jpeg', 'image/webp'] }])
    })

    it('takes files below one’s own id, named by a hash, and no others', async () => {
      await put(people.field, `${people.field}/${photo}.jpg`)
      for (const [user, name, bucket] of [
        [people.field, `${people.manager}/${photo}.jpg`, 'photos'],
        [people.field, `${photo}.jpg`, 'photos'],
        [people.field, `${people.field}/x.jpg`, 'photos'],
        [people.field, `${people.field}/${photo}.svg`, 'photos'],
        [people.field, `${people.field}/${photo}.jpg.html`, 'photos'],
        [people.field, `x/${people.field}/${photo}.jpg`, 'photos'],
        [people.field, `${people.field}/deep/${photo}.jpg`, 'photos'],
        [people.field, `${people.field}/../${people.manager}/${photo}.jpg`, 'photos'],
        [people.field, `${people.field}/${photo}.jpg`, 'other'],
      ] as const) {
        await expect(put(user, name, bucket), name).rejects.toMatchObject({ code: '42501' })
      }
      await expect(
        db.asAnon((tx) =>
          tx.query(
            `insert into storage.objects (bucket_id, name) values ('photos', '/${photo}.jpg')`,
          ),
        ),
      ).rejects.toMatchObject({ code: '42501' })
    })

    it('shows a file to its owner, and once checked to who sees its incident', async () => {
      const name = `${people.field}/${photo}.jpg`
      // whatever else lies in the bucket must not break reading
      await db.query(
        `insert into storage.objects (bucket_id, name)
         values ('photos', 'not-a-photo'), ('photos', $1 || '.html'), ('other', $1)`,
        [name],
      )
      await applyCommands(db, people.field, [
        reportCommand(people.field, { lon: 10.5, photos: [photoRef({ hash: photo })] }),
      ])
      const seen = async () => {
        const found: string[] = []
        for (const [person, id] of Object.entries(people)) {
          const names = await visible(id)
          if (names.length > 0) {
            expect(names).toEqual([name])
            found.push(person)
          }
        }
        return found
      }
      expect(await seen()).toEqual(['field'])
      await db.query(
        `select private.record_photo_check($1::uuid, $2, 'image/jpeg', 1, 1, 1, 'ok')`,
        [people.field, photo],
      )
      expect(await seen()).toEqual(['admin', 'leader', 'manager', 'field'])
      expect(await db.asAnon((tx) => tx.query('select 1 from storage.objects'))).toEqual([])
    })

    it('shows nobody else the bytes that lie under a checked hash with the other extension', async () => {
      const other = hashOf('another photo')
      const { field } = people
      await put(field, `${field}/${other}.jpg`)
      await put(field, `${field}/${other}.webp`)
      await db.query(
        `select private.record_photo_check($1::uuid, $2, 'image/jpeg', 1, 1, 1, 'ok')`,
        [field, other],
      )
      // named as either type, in commands that are both taken
      for (const mediaType of ['image/jpeg', 'image/webp']) {
        const photos = [photoRef({ hash: other, mediaType })]
        await applyCommands(db, field, [reportCommand(field, { lon: 10.5, photos })])
      }
      const ofOther = (names: string[]) => names.filter((name) => name.includes(other))
      expect(ofOther(await visible(field))).toHaveLength(2)
      for (const user of [people.manager, people.leader, people.admin]) {
        expect(ofOther(await visible(user))).toEqual([`${field}/${other}.jpg`])
      }
    })

    it('lets nobody change or delete', async () => {
      for (const user of [people.field, people.admin]) {
        for (const sql of [
          `update storage.objects set metadata = '{}' returning 1`,
          'delete from storage.objects returning 1',
        ]) {
          expect(await db.asUser(user, (tx) => tx.query(sql))).toEqual([])
        }
      }
    })
  },
)
