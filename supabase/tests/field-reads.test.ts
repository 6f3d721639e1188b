import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { applyCommands, commandOf, photoRef, reportCommand } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'

interface Line {
  id: string
  version: number
  reportedAt: string
  reportedByMe: boolean
  description: string
  photo: { owner: string; hash: string; mediaType: string } | null
  closedAt?: string | null
  last?: Record<string, unknown> | null
  asked?: Record<string, unknown> | null
}

describeOnEachDatabase('what people in the field read', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
  })
  afterAll(() => db?.close())

  const ask = <T>(person: Person, expression: string, params: (string | number)[] = []) =>
    db.asUser(people[person], async (tx) => {
      const [row] = await tx.query<{ r: T }>(`select public.${expression} as r`, params)
      return row!.r
    })
  async function report(person: Person, changes: Record<string, unknown> = {}): Promise<string> {
    const [receipt] = await applyCommands(db, people[person], [
      reportCommand(people[person], changes),
    ])
    expect(receipt!.outcome).toBe('applied')
    return receipt!.incident_id!
  }
  const send = async (person: Person, type: string, payload: unknown) => {
    const [receipt] = await applyCommands(db, people[person], [
      commandOf(people[person], type, payload),
    ])
    expect(receipt).toMatchObject({ outcome: 'applied' })
  }
  const setAge = (id: string, days: number) =>
    db.query(
      `update public.incidents set reported_at = now() - make_interval(days => $2) where id = $1`,
      [id, days],
    )
  const check = (hash: string) =>
    db.query(`select private.record_photo_check($1::uuid, $2, 'image/jpeg', 1, 1, 1, 'ok')`, [
      people.field,
      hash,
    ])

  it('lists what is open in the scope, newest first and page by page', async () => {
    const photo = photoRef()
    const ids = [
      await report('field', { lon: 10.25, photos: [photo], description: '网'.repeat(300) }),
      await report('manager', { lon: 10.75 }),
      await report('manager', { lon: 12.5 }),
      await report('field', { lon: 13.5, addressLabel: 'far' }),
      await report('field', { lon: 10.5 }),
    ]
    const closed = await report('field', { lon: 10.5 })
    await db.query(
      `update public.incidents set stage = 'closed', closed_at = now() where id = $1`,
      [closed],
    )
    const page = (person: Person, after: unknown, limit: number) =>
      ask<{ rows: Line[]; next: unknown }>(person, 'open_incidents($1::text::jsonb, $2)', [
        JSON.stringify(after),
        limit,
      ])
    const seen = {
      field: [0, 1, 3, 4],
      manager: [0, 1, 2, 4],
      otherManager: [2, 3],
      admin: [0, 1, 2, 3, 4],
      handler: [],
      stranger: [],
    }
    for (const [person, expected] of Object.entries(seen)) {
      const found: string[] = []
      for (let after: unknown = null, calls = 0; calls < 9; calls++) {
        const { rows, next } = await page(person as Person, after, 2)
        found.push(...rows.map(({ id }) => id))
        if (next === null) break
        expect(rows).toHaveLength(2)
        after = next
      }
      expect(found, person).toEqual(expected.toReversed().map((n) => ids[n]))
    }
    const { rows } = await page('field', null, 500)
    expect(rows.at(-1)).toEqual({
      id: ids[0],
      caseNumber: expect.stringMatching(/^\d{4}-\d{6}$/),
      version: 1,
      categoryCode: 'illegal_dumping',
      lon: 10.25,
      lat: 21,
      areaCode: 'N-1_A',
      stage: 'reported',
      description: '网'.repeat(200),
      addressLabel: '',
      reportedByMe: true,
      isGenerated: false,
      reportedAt: rows.at(-1)!.reportedAt,
      photo: { owner: people.field, hash: photo.hash, mediaType: 'image/jpeg' },
    })
    expect(Math.abs(Date.parse(rows.at(-1)!.reportedAt) - Date.now())).toBeLessThan(60_000)
    // an unchecked photo is its owner's alone
    const photoFor = async (person: Person) =>
      (await page(person, null, 500)).rows.find(({ id }) => id === ids[0])?.photo?.hash
    expect(await photoFor('manager')).toBeUndefined()
    await check(photo.hash)
    expect(await photoFor('manager')).toBe(photo.hash)
  })

  it.each([
    ['{}', 10],
    ['{"reportedAt":"yesterday","id":"x"}', 10],
    ['[]', 10],
    ['5', 10],
    [`{"reportedAt":"2026-01-01T00:00:00+00:00","id":"x"}`, 10],
    ['null', 0],
    ['null', 501],
  ])('refuses the cursor %s with limit %d', async (after, limit) => {
    await expect(
      ask('field', 'open_incidents($1::text::jsonb, $2)', [after, limit]),
    ).rejects.toMatchObject({ code: '22023' })
  })

  it('tells of one’s own reports what came back', async () => {
    const me = randomUUID()
    await db.query(`insert into public.profiles (user_id, display_name) values ($1, 'me')`, [me])
    await db.query(
      `insert into public.memberships (user_id, role, area_code) values ($1, 'field_staff', 'N-1_A')`,
      [me],
    )
    const mine = async (changes = {}) =>
      (await applyCommands(db, me, [reportCommand(me, changes)]))[0]!.incident_id!
    const day = (days: number) =>
      db.asUser(me, async (tx) => {
        const [row] = await tx.query<{ r: { asOf: string; own: Line[]; receivedToday: number } }>(
          'select public.my_day($1) as r',
          [days],
        )
        return row!.r
      })
    const [fresh, oldOpen, oldClosed, oldChanged] = [
      await mine(),
      await mine(),
      await mine(),
      await mine(),
    ]
    await report('manager')
    await db.query(
      `update public.incidents set stage = 'closed', closed_at = now() where id = any ($1::uuid[])`,
      [[oldClosed, oldChanged]],
    )
    await setAge(oldOpen, 30)
    await setAge(oldClosed, 31)
    await setAge(oldChanged, 32)
    await db.exec('alter table public.incident_log disable trigger refuse_log_change')
    await db.query(
      `update public.incident_log set at = now() - interval '30 days' where incident_id = any ($1::uuid[])`,
      [[oldOpen, oldClosed, oldChanged]],
    )
    await db.exec('alter table public.incident_log enable trigger refuse_log_change')
    await send('manager', 'add_note', { incidentId: oldChanged, note: 'reopened by phone' })
    await send('manager', 'add_note', { incidentId: fresh, note: 'which door?', asks: true })

    const first = await day(14)
    expect(first.receivedToday).toBe(4)
    expect(first.own.map(({ id }) => id)).toEqual([fresh, oldOpen, oldChanged])
    expect(first.own[0]).toMatchObject({
      version: 1,
      reportedByMe: true,
      closedAt: null,
      last: {
        kind: 'asked',
        note: 'which door?',
        actorName: 'manager',
        byMe: false,
        stageTo: null,
      },
      asked: { note: 'which door?', actorName: 'manager' },
    })
    expect(Object.keys(first.own[0]!.asked!).sort()).toEqual(['actorName', 'at', 'note'])
    expect(first.own[1]).toMatchObject({
      asked: null,
      last: { kind: 'reported', stageTo: 'reported', byMe: true },
    })
    expect(typeof first.own[2]!.closedAt).toBe('string')
    expect((await day(60)).own.map(({ id }) => id)).toEqual([fresh, oldOpen, oldClosed, oldChanged])

    // somebody else's entry is no answer, the reporter's is; a new question asks again
    await send('manager', 'add_note', { incidentId: fresh, note: 'anybody?' })
    expect((await day(14)).own[0]!.asked).toMatchObject({ note: 'which door?' })
    await applyCommands(db, me, [
      commandOf(me, 'add_photo', { incidentId: fresh, photos: [photoRef()] }),
    ])
    expect((await day(14)).own[0]).toMatchObject({
      asked: null,
      last: { kind: 'photo', byMe: true },
    })
    await send('manager', 'add_note', { incidentId: fresh, note: 'and now?', asks: true })
    expect((await day(14)).own[0]!.asked).toMatchObject({ note: 'and now?' })
    for (const days of [0, 367]) await expect(day(days)).rejects.toMatchObject({ code: '22023' })
  })

  it('keeps what waits for an answer among 500 newer ones', async () => {
    const me = randomUUID()
    await db.query(`insert into public.profiles (user_id, display_name) values ($1, 'busy')`, [me])
    await db.query(
      `insert into public.memberships (user_id, role, area_code) values ($1, 'field_staff', 'N-1_A')`,
      [me],
    )
    const [first] = await applyCommands(db, me, [reportCommand(me)])
    await send('manager', 'add_note', { incidentId: first!.incident_id, note: '?', asks: true })
    for (let calls = 0; calls < 3; calls++) {
      await applyCommands(
        db,
        me,
        Array.from({ length: 200 }, () => reportCommand(me)),
      )
    }
    const own = await db.asUser(
      me,
      async (tx) =>
        (await tx.query<{ r: { own: Line[] } }>('select public.my_day() as r'))[0]!.r.own,
    )
    expect(own).toHaveLength(500)
    expect(own.at(-1)!.id).toBe(first!.incident_id)
    expect(own.map(({ reportedAt }) => reportedAt)).toEqual(
      own
        .map(({ reportedAt }) => reportedAt)
        .toSorted()
        .toReversed(),
    )
  })

  it('gives the receipts of one’s own commands again', async () => {
    const photo = photoRef()
    const good = reportCommand(people.field, { photos: [photo] })
    const bad = reportCommand(people.field, { lon: 9 })
    const foreign = reportCommand(people.manager)
    const sent = await applyCommands(db, people.field, [good, bad])
    await applyCommands(db, people.manager, [foreign])
    const receipts = await ask<{ id: string }[]>('field', 'command_receipts($1::text::uuid[])', [
      `{${[good.id, bad.id, foreign.id, randomUUID()].join()}}`,
    ])
    const expected = [{ ...sent[0], outcome: 'replayed', missing_photos: [photo.hash] }, sent[1]]
    const byId = (a: { id: unknown }, b: { id: unknown }) =>
      String(a.id).localeCompare(String(b.id))
    expect(receipts.toSorted(byId)).toEqual(expected.toSorted(byId as never))
    await expect(
      ask('field', 'command_receipts($1::text::uuid[])', [
        `{${Array.from({ length: 1001 }, () => randomUUID()).join()}}`,
      ]),
    ).rejects.toMatchObject({ code: '22023' })
  })

  it('shows with an incident its photos and what the caller may do', async () => {
    const [mine, checked] = [
      photoRef({ takenAt: '2026-03-01T08:00:00+08:00', lon: 1, lat: 2 }),
      photoRef(),
    ]
    const id = await report('field', { photos: [mine, checked] })
    await check(checked.hash)
    const detail = (person: Person) =>
      ask<{
        photos: Record<string, unknown>[]
        log: { data: unknown }[]
        canCorrect: boolean
        canNote: boolean
        canAsk: boolean
      } | null>(person, 'incident_detail($1::text::uuid)', [id])
    const own = (await detail('field'))!
    expect(own.log[0]!.data).toMatchObject({ photos: [mine.hash, checked.hash] })
    expect(own.photos).toHaveLength(2)
    expect(own.photos.find(({ hash }) => hash === mine.hash)).toMatchObject({
      owner: people.field,
      mediaType: 'image/jpeg',
      // the server has not looked at the file
      bytes: null,
      width: null,
      height: null,
      takenAt: '2026-03-01T00:00:00+00:00',
      lon: 1,
      lat: 2,
      byName: 'field',
      isChecked: false,
    })
    expect(
      (await detail('manager'))!.photos.map(({ hash, isChecked }) => [hash, isChecked]),
    ).toEqual([[checked.hash, true]])
    const rights = async (person: Person) => {
      const found = await detail(person)
      return found && [found.canCorrect, found.canNote, found.canAsk]
    }
    expect(await rights('field')).toEqual([true, true, false])
    expect(await rights('manager')).toEqual([true, true, true])
    expect(await rights('leader')).toEqual([false, false, false])
    expect(await rights('otherManager')).toBeNull()
    await db.query(`update public.incidents set department_code = 'public_works' where id = $1`, [
      id,
    ])
    expect(await rights('handler')).toEqual([false, true, false])
    await db.query(`update public.incidents set stage = 'merged' where id = $1`, [id])
    expect(await rights('manager')).toEqual([false, true, true])
  })

  it('says of every category how near a duplicate may be and whether it needs words', async () => {
    const list = await ask<
      {
        code: string
        parentCode: string | null
        duplicateRadiusMeters: number
        requiresDescription: boolean
      }[]
    >('field', 'category_list()')
    for (const { code, parentCode, duplicateRadiusMeters, requiresDescription } of list) {
      expect(duplicateRadiusMeters, code).toBeGreaterThanOrEqual(0)
      if (parentCode === 'other') expect(requiresDescription, code).toBe(true)
    }
    const of = (wanted: string) => list.find(({ code }) => code === wanted)
    expect(of('manhole_cover')).toMatchObject({
      duplicateRadiusMeters: 10,
      requiresDescription: false,
    })
    expect(of('noise')).toMatchObject({ duplicateRadiusMeters: 100, requiresDescription: true })
  })
})
