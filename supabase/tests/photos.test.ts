import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyCommands, commandOf, hashOf, photoRef, reportCommand } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'

describeOnEachDatabase('photos', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
  })
  afterAll(() => db?.close())

  const check = (
    { hash, mediaType }: { hash: string; mediaType: string },
    verdict = 'ok',
    owner: string = people.field,
  ) =>
    db.query(
      `select private.record_photo_check($1::uuid, $2, $4, 250000, 2048, 1536, $3,
         case when $3 = 'refused' then 'photo_has_metadata' end)`,
      [owner, hash, verdict, mediaType],
    )
  const send = async (commands: unknown[], user: string = people.field) =>
    applyCommands(db, user, commands)
  const mayRead = async (user: string, owner: string, hash: string, mediaType = 'image/jpeg') =>
    db.asUser(user, async (tx) => {
      const [row] = await tx.query<{ r: boolean }>(
        'select public.photo_to_read($1::uuid, $2, $3) as r',
        [owner, hash, mediaType],
      )
      return row!.r
    })

  it('come with a report, are asked for until their file was checked, and cost the report nothing', async () => {
    const [first, second] = [
      photoRef({ takenAt: '2026-03-01T08:00:00+08:00', lon: 10.5, lat: 21 }),
      photoRef({ mediaType: 'image/webp', bytes: 5_242_880, width: 1, height: 2048 }),
    ]
    const command = reportCommand(people.field, { photos: [first, second] })
    const [receipt] = await send([command])
    expect(receipt).toMatchObject({ outcome: 'applied', missing_photos: [first.hash, second.hash] })
    const rows = await db.query(
      `select hash, owner, media_type, bytes, width, height, lon, lat, seq_in_log, command_id,
         taken_at = '2026-03-01T00:00:00Z' as taken from public.incident_photos
       where incident_id = $1 order by bytes`,
      [receipt!.incident_id!],
    )
    const common = { owner: people.field, seq_in_log: 1, command_id: command.id }
    expect(rows).toEqual([
      {
        ...common,
        hash: first.hash,
        media_type: 'image/jpeg',
        bytes: 250_000,
        width: 2048,
        height: 1536,
        lon: 10.5,
        lat: 21,
        taken: true,
      },
      {
        ...common,
        hash: second.hash,
        media_type: 'image/webp',
        bytes: 5_242_880,
        width: 1,
        height: 2048,
        lon: null,
        lat: null,
        taken: null,
      },
    ])
    const again = async () => (await send([command]))[0]!
    await check(first)
    // somebody else's file of the same content is not this one
    await check(second, 'ok', people.manager)
    expect(await again()).toMatchObject({ outcome: 'replayed', missing_photos: [second.hash] })
    await check(second, 'refused')
    expect((await again()).missing_photos).toEqual([second.hash])
    // nor is one of the same content checked as what it was not named as
    await check({ ...second, mediaType: 'image/jpeg' })
    expect((await again()).missing_photos).toEqual([second.hash])
    await check(second)
    expect((await again()).missing_photos).toEqual([])
    // a file that got lost is asked for again
    await check(first, 'refused')
    expect((await again()).missing_photos).toEqual([first.hash])
  })

  it('are named by commands of one call and counted once an incident', async () => {
    const photo = photoRef()
    const report = reportCommand(people.field, { photos: [photo, photo] })
    const { incidentId } = JSON.parse(report.payload) as { incidentId: string }
    const add = commandOf(people.field, 'add_photo', {
      incidentId,
      photos: [photo, photoRef()],
      note: 'n',
    })
    const receipts = await send([report, add])
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['applied', 'applied'])
    expect(receipts[0]!.missing_photos).toEqual([photo.hash])
    expect(receipts[1]!.missing_photos).toHaveLength(2)
    const kept = await db.query(
      'select seq_in_log from public.incident_photos where incident_id = $1 order by 1',
      [incidentId],
    )
    expect(kept).toEqual([{ seq_in_log: 1 }, { seq_in_log: 2 }])
    const log = await db.query(
      'select kind, note, data from public.incident_log where incident_id = $1 order by seq',
      [incidentId],
    )
    expect(log).toMatchObject([
      { kind: 'reported', data: { photos: [photo.hash] } },
      { kind: 'photo', note: 'n', data: { photos: receipts[1]!.missing_photos } },
    ])
  })

  it('of a rejected command are not asked for', async () => {
    const [receipt] = await send([reportCommand(people.field, { lon: 9, photos: [photoRef()] })])
    expect(receipt).toMatchObject({ outcome: 'rejected', missing_photos: [] })
  })

  describe('are refused', () => {
    const ok = photoRef()
    it.each([
      ['that are no list', { photos: { 0: ok } }, 'invalid_field'],
      ['when eleven', { photos: Array.from({ length: 11 }, () => photoRef()) }, 'too_long'],
      ['that are text', { photos: ['x'] }, 'invalid_field'],
      ['with an unknown key', { photos: [photoRef({ url: 'x' })] }, 'invalid_field'],
      ['without hash', { photos: [photoRef({ hash: undefined })] }, 'invalid_field'],
      [
        'with a hash in upper case',
        { photos: [photoRef({ hash: ok.hash.toUpperCase() })] },
        'invalid_field',
      ],
      ['with a short hash', { photos: [photoRef({ hash: ok.hash.slice(1) })] }, 'invalid_field'],
      ['as SVG', { photos: [photoRef({ mediaType: 'image/svg+xml' })] }, 'invalid_field'],
      ['of no bytes', { photos: [photoRef({ bytes: 0 })] }, 'invalid_field'],
      ['of more than 5 MB', { photos: [photoRef({ bytes: 5_242_881 })] }, 'invalid_field'],
      ['of half a byte', { photos: [photoRef({ bytes: 10.5 })] }, 'invalid_field'],
      ['with bytes as text', { photos: [photoRef({ bytes: '10' })] }, 'invalid_field'],
      ['with bytes as a list', { photos: [photoRef({ bytes: [10] })] }, 'invalid_field'],
      ['without a width', { photos: [photoRef({ width: null })] }, 'invalid_field'],
      ['wider than 2,048', { photos: [photoRef({ width: 2049 })] }, 'invalid_field'],
      ['higher than 2,048', { photos: [photoRef({ height: 2049 })] }, 'invalid_field'],
      ['with half a place', { photos: [photoRef({ lon: 1 })] }, 'invalid_field'],
      [
        'with a place beyond the globe',
        { photos: [photoRef({ lon: 1, lat: 90.5 })] },
        'invalid_field',
      ],
      ['with a place as text', { photos: [photoRef({ lon: '1', lat: '1' })] }, 'invalid_field'],
      [
        'with a time without offset',
        { photos: [photoRef({ takenAt: '2026-03-01T08:00:00' })] },
        'invalid_field',
      ],
      [
        'with a day that is none',
        { photos: [ok, photoRef({ takenAt: '2026-02-30T08:00:00Z' })] },
        'invalid_field',
      ],
    ])('%s', async (_, changes, code) => {
      const [receipt, neighbour] = await send([
        reportCommand(people.field, changes),
        reportCommand(people.field, { photos: [] }),
      ])
      expect(receipt).toMatchObject({ outcome: 'rejected', error: { code, field: 'photos' } })
      expect(neighbour!.outcome).toBe('applied')
    })

    it('by add_photo when there are none', async () => {
      const [report] = await send([reportCommand(people.field)])
      for (const photos of [[], null, undefined]) {
        const [receipt] = await send([
          commandOf(people.field, 'add_photo', { incidentId: report!.incident_id, photos }),
        ])
        expect(receipt!.error).toMatchObject({ code: 'missing_field', field: 'photos' })
      }
    })
  })

  it('are read by their owner, and once checked by who sees the incident', async () => {
    const photo = photoRef()
    const loose = photoRef()
    await send([reportCommand(people.field, { lon: 10.5, photos: [photo] })])
    const readers = async (hash: string) => {
      const found: string[] = []
      for (const [person, id] of Object.entries(people)) {
        if (await mayRead(id, people.field, hash)) found.push(person)
      }
      return found
    }
    expect(await readers(photo.hash)).toEqual(['field'])
    await check(photo)
    expect(await readers(photo.hash)).toEqual(['admin', 'leader', 'manager', 'field'])
    // checked, but with no incident
    await check(loose)
    expect(await readers(loose.hash)).toEqual(['field'])
    // the same content below another owner is another file
    expect(await mayRead(people.manager, people.admin, photo.hash)).toBe(false)
    await check(photo, 'refused')
    expect(await readers(photo.hash)).toEqual(['field'])
    await expect(
      db.asAnon((tx) =>
        tx.query(`select public.photo_to_read($1::uuid, $2, 'image/jpeg')`, [
          people.field,
          photo.hash,
        ]),
      ),
    ).rejects.toMatchObject({ code: '42501' })
  })

  it('are judged many at once as one by one, in the order asked', async () => {
    const jpeg = photoRef()
    const webp = photoRef({ mediaType: 'image/webp' })
    const [unchecked, refused, loose, far] = [photoRef(), photoRef(), photoRef(), photoRef()]
    const near = { lon: 10.5, photos: [jpeg, webp, unchecked, refused] }
    const receipts = await send([
      reportCommand(people.field, near),
      reportCommand(people.field, { lon: 12.5, photos: [far] }),
    ])
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['applied', 'applied'])
    for (const photo of [jpeg, webp, loose, far]) await check(photo as typeof jpeg)
    await check(refused, 'refused')
    // the same content checked below another owner, whose photo it is not
    await check(unchecked, 'ok', people.leader)
    await check(jpeg, 'ok', people.leader)
    const asked = [
      [people.field, jpeg.hash, 'image/jpeg', true],
      [people.field, jpeg.hash, 'image/webp', false],
      [people.field, webp.hash, 'image/webp', true],
      [people.field, unchecked.hash, 'image/jpeg', false],
      [people.field, refused.hash, 'image/jpeg', false],
      [people.field, loose.hash, 'image/jpeg', false],
      [people.field, far.hash, 'image/jpeg', false],
      [people.leader, jpeg.hash, 'image/jpeg', false],
      [people.manager, loose.hash, 'image/jpeg', true],
    ] as const
    const together = await db.transaction(async (tx) => {
      await tx.query(`select set_config('request.jwt.claim.sub', $1, true)`, [people.manager])
      const [row] = await tx.query<{ may: boolean[] }>(
        'select to_jsonb(private.photos_to_read($1::text[]::uuid[], $2::text[], $3::text[])) as may',
        [0, 1, 2].map((column) => asked.map((photo) => String(photo[column]))),
      )
      return row!.may
    })
    expect(together).toEqual(asked.map(([, , , may]) => may))
    for (const [owner, hash, type, may] of asked)
      expect(await mayRead(people.manager, owner, hash, type)).toBe(may)
  })

  it('are shown to others only as the type they were checked as', async () => {
    const photo = photoRef({ mediaType: 'image/webp' }) as { hash: string; mediaType: string }
    const [receipt] = await send([reportCommand(people.field, { lon: 10.5, photos: [photo] })])
    const detail = async () =>
      db.asUser(people.manager, async (tx) => {
        const [row] = await tx.query<{ shown: unknown[]; rows: number; open: unknown }>(
          `select public.incident_detail($1::uuid) -> 'photos' as shown,
             (select count(*)::int from public.incident_photos where hash = $2) as rows,
             (select r -> 'photo' from jsonb_array_elements(public.open_incidents() -> 'rows') r
               where r ->> 'id' = ($1::uuid)::text) as open`,
          [receipt!.incident_id, photo.hash],
        )
        return [row!.shown.length, row!.rows, row!.open === null ? 0 : 1]
      })
    await check({ ...photo, mediaType: 'image/jpeg' })
    expect(await mayRead(people.manager, people.field, photo.hash, 'image/webp')).toBe(false)
    expect(await detail()).toEqual([0, 0, 0])
    await check(photo)
    expect(await mayRead(people.manager, people.field, photo.hash, 'image/webp')).toBe(true)
    expect(await mayRead(people.manager, people.field, photo.hash, 'image/jpeg')).toBe(false)
    expect(await detail()).toEqual([1, 1, 1])
  })

  it('that are good stay so, and just after a refusal none is taken for good', async () => {
    const offer = async (hash: string, verdict: string) => {
      const [row] = await db.query<{ r: boolean }>(
        `select public.record_photo_check($1::uuid, $2, 'image/jpeg', 9, 1, 1, $3) as r`,
        [people.field, hash, verdict],
      )
      const [kept] = await db.query<{ verdict: string }>(
        'select verdict from public.photo_checks where hash = $1',
        [hash],
      )
      return [row!.r, kept!.verdict]
    }
    const age = (hash: string, minutes: number) =>
      db.query(
        `update public.photo_checks set checked_at = now() - $2::int * interval '1 minute' where hash = $1`,
        [hash, minutes],
      )
    // a call that looked at damaged bytes and was stalled until whole ones were there
    const good = hashOf(randomUUID())
    expect(await offer(good, 'ok')).toEqual([true, 'ok'])
    expect(await offer(good, 'refused')).toEqual([false, 'ok'])
    expect(await offer(good, 'ok')).toEqual([true, 'ok'])
    // a call that refused and has not removed anything yet
    const bad = hashOf(randomUUID())
    expect(await offer(bad, 'refused')).toEqual([true, 'refused'])
    await age(bad, 9)
    expect(await offer(bad, 'ok')).toEqual([false, 'refused'])
    expect(await offer(bad, 'refused')).toEqual([true, 'refused'])
    await age(bad, 11)
    expect(await offer(bad, 'ok')).toEqual([true, 'ok'])
  })

  it('let the service role record a check, and nobody else', async () => {
    const call = `select public.record_photo_check('${people.field}', '${hashOf('s')}', 'image/jpeg', 1, 1, 1, 'ok')`
    await expect(db.asUser(people.field, (tx) => tx.query(call))).rejects.toMatchObject({
      code: '42501',
    })
    await db.transaction(async (tx) => {
      await tx.query(`select set_config('role', 'service_role', true)`)
      await tx.query(call)
    })
    expect(
      await db.query('select verdict from public.photo_checks where hash = $1', [hashOf('s')]),
    ).toEqual([{ verdict: 'ok' }])
    await expect(check(photoRef(), 'perhaps')).rejects.toMatchObject({ code: '23514' })
  })
})
