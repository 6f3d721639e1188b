import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { applyCommands, commandOf, photoRef, reportCommand } from './harness/commands.ts'
import type { Receipt } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'

describeOnEachDatabase('commands on an incident', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
  })
  afterAll(() => db?.close())

  /** In N-1_A, reported by the field staff, without department. */
  let incidentId: string
  beforeEach(async () => {
    incidentId = await report('field', { lon: 10.5, description: 'as it was' })
  })

  const send = async (person: Person, type: string, payload: unknown): Promise<Receipt> =>
    (await applyCommands(db, people[person], [commandOf(people[person], type, payload)]))[0]!
  async function report(person: Person, changes: Record<string, unknown>): Promise<string> {
    const [receipt] = await applyCommands(db, people[person], [
      reportCommand(people[person], changes),
    ])
    expect(receipt).toMatchObject({ outcome: 'applied' })
    return receipt!.incident_id!
  }
  const row = async (id = incidentId) =>
    (await db.query('select * from public.incidents where id = $1', [id]))[0]!
  const log = (id = incidentId) =>
    db.query<Record<string, unknown>>(
      'select seq, kind, note, actor, data from public.incident_log where incident_id = $1 order by seq',
      [id],
    )
  const setStage = (stage: string) =>
    db.query(
      `update public.incidents set stage = $2, closed_at = case when $2 = 'closed' then now() end
       where id = $1`,
      [incidentId, stage],
    )
  const correct = (person: Person, changes: unknown, baseVersion: unknown = 1) =>
    send(person, 'correct_incident', { incidentId, baseVersion, changes })
  const errorOf = async (receipt: Promise<Receipt>) => {
    const { outcome, error, version } = await receipt
    expect([outcome, version]).toEqual(['rejected', null])
    return error
  }

  describe('add_note', () => {
    it('writes the next entry of the log and leaves the version as it is', async () => {
      const deviceAt = '2026-03-01T08:00:00Z'
      const first = await send('field', 'add_note', { incidentId, note: '还在。', deviceAt })
      await send('manager', 'add_note', { incidentId, note: 'seen' })
      expect(first).toMatchObject({ outcome: 'applied', incident_id: incidentId, version: null })
      expect(await log()).toMatchObject([
        { seq: 1, kind: 'reported' },
        {
          seq: 2,
          kind: 'note',
          note: '还在。',
          actor: people.field,
          data: { deviceAt: '2026-03-01T08:00:00+00:00' },
        },
        { seq: 3, kind: 'note', note: 'seen', actor: people.manager },
      ])
      expect(await row()).toMatchObject({ version: 1 })
    })

    it('is taken on a closed incident too', async () => {
      await setStage('closed')
      expect((await send('field', 'add_note', { incidentId, note: 'x' })).outcome).toBe('applied')
    })

    it.each([
      ['an empty note', { note: '' }, { code: 'missing_field', field: 'note' }],
      ['a note of blanks', { note: ' \u3000\n' }, { code: 'missing_field', field: 'note' }],
      ['10,001 characters', { note: '网'.repeat(10_001) }, { code: 'too_long', field: 'note' }],
      ['asks that is text', { note: 'x', asks: 'yes' }, { code: 'invalid_field', field: 'asks' }],
      [
        'an unknown field',
        { note: 'x', stage: 'closed' },
        { code: 'unknown_field', field: 'stage' },
      ],
      [
        'no incident',
        { note: 'x', incidentId: undefined },
        { code: 'missing_field', field: 'incidentId' },
      ],
      [
        'an incident that is none',
        { note: 'x', incidentId: randomUUID() },
        { code: 'unknown_incident' },
      ],
    ])('refuses %s', async (_, changes, error) => {
      expect(await errorOf(send('field', 'add_note', { incidentId, ...changes }))).toMatchObject(
        error,
      )
      expect(await log()).toHaveLength(1)
    })

    it('asks the reporter only for a manager or admin of the area', async () => {
      const ask = (person: Person) =>
        send(person, 'add_note', { incidentId, note: 'where?', asks: true })
      expect((await ask('manager')).outcome).toBe('applied')
      expect((await ask('admin')).outcome).toBe('applied')
      expect(await errorOf(ask('field'))).toEqual({ code: 'not_allowed' })
      expect((await log()).map(({ kind }) => kind)).toEqual(['reported', 'asked', 'asked'])
    })
  })

  it('lets note, and correct, exactly who may', async () => {
    const outcomes = async (attempt: (person: Person) => Promise<Receipt>) => {
      const found: Record<string, string> = {}
      for (const person of Object.keys(people) as Person[]) {
        const { outcome, error } = await attempt(person)
        found[person] = error?.code ?? outcome
      }
      return found
    }
    const note = (person: Person) => send(person, 'add_note', { incidentId, note: 'x' })
    const photo = (person: Person) =>
      send(person, 'add_photo', { incidentId, photos: [photoRef()] })
    const confirm = (person: Person) =>
      send(person, 'confirm_duplicate', { incidentId, lon: 10.5, lat: 21 })
    const change = async (person: Person) =>
      correct(
        person,
        { severity: ((await row()).severity as number) === 3 ? 4 : 3 },
        (await row()).version,
      )
    const expected = {
      admin: 'applied',
      leader: 'not_allowed',
      manager: 'applied',
      otherManager: 'unknown_incident',
      field: 'applied',
      handler: 'unknown_incident',
      stranger: 'unknown_incident',
    }
    for (const attempt of [note, photo, confirm, change]) {
      expect(await outcomes(attempt)).toEqual(expected)
    }
    // given to the handler's department: notes, but no correction
    await db.query(`update public.incidents set department_code = 'public_works' where id = $1`, [
      incidentId,
    ])
    expect(await outcomes(note)).toEqual({ ...expected, handler: 'applied' })
    expect(await outcomes(change)).toEqual({ ...expected, handler: 'not_allowed' })
    // reported by somebody who has no role any more
    await db.query('update public.incidents set reported_by = $2::uuid where id = $1', [
      incidentId,
      people.stranger,
    ])
    for (const attempt of [note, photo, confirm, change]) {
      expect((await attempt('stranger')).error?.code).toBe('not_allowed')
    }
  })

  it.each([
    ['that ended', `valid_from = '2026-01-01', valid_to = '2026-02-01'`],
    ['that has not begun', `valid_from = '2999-01-01', valid_to = null`],
  ])('lets nobody write by a role %s', async (_, time) => {
    await db.query(`update public.incidents set department_code = 'public_works' where id = $1`, [
      incidentId,
    ])
    const writers = ['manager', 'handler'] as const
    const ids = writers.map((person) => people[person])
    await db.query(`update public.memberships set ${time} where user_id = any ($1::uuid[])`, [ids])
    try {
      for (const person of writers)
        for (const attempt of [
          send(person, 'add_note', { incidentId, note: 'x' }),
          send(person, 'add_photo', { incidentId, photos: [photoRef()] }),
          send(person, 'confirm_duplicate', { incidentId, lon: 10.5, lat: 21 }),
          correct(person, { severity: 4 }),
        ])
          expect((await attempt).error?.code).toBe('unknown_incident')
    } finally {
      await db.query(
        `update public.memberships set valid_from = '2026-01-01', valid_to = null
         where user_id = any ($1::uuid[])`,
        [ids],
      )
    }
  })

  it('sees exactly the incidents that reading shows', async () => {
    await report('manager', { lon: 12.5 })
    await report('field', { lon: 13.5 })
    await db.query(`update public.incidents set department_code = 'public_works' where id = $1`, [
      incidentId,
    ])
    const incidents = await db.query<{ id: string }>('select id from public.incidents')
    for (const person of Object.values(people)) {
      const [seen, right] = await db.asUser(person, async (tx) => {
        const shown = await tx.query<{ id: string }>('select id from public.incidents order by id')
        await tx.query(`select set_config('role', 'none', true)`)
        const allowed = await tx.query<{ id: string }>(
          'select id from public.incidents i where (private.rights_on(i)).sees order by id',
        )
        return [shown, allowed]
      })
      expect(right).toEqual(seen)
      expect(seen.length).toBeLessThanOrEqual(incidents.length)
    }
  })

  describe('confirm_duplicate', () => {
    it('adds to the incident that is there and makes no other', async () => {
      const before = (await db.query('select 1 from public.incidents')).length
      const photo = photoRef()
      const receipt = await send('manager', 'confirm_duplicate', {
        incidentId,
        lon: 10.5001,
        lat: 21,
        accuracyMeters: 8.5,
        note: 'still',
        photos: [photo],
      })
      expect(receipt).toMatchObject({
        outcome: 'applied',
        incident_id: incidentId,
        version: null,
        missing_photos: [photo.hash],
      })
      expect((await log())[1]).toMatchObject({
        kind: 'confirmed',
        note: 'still',
        data: { lon: 10.5001, lat: 21, accuracyMeters: 8.5, photos: [photo.hash] },
      })
      expect(await db.query('select 1 from public.incidents')).toHaveLength(before)
    })

    it('is refused once the incident is closed', async () => {
      await setStage('rejected')
      expect(
        await errorOf(send('field', 'confirm_duplicate', { incidentId, lon: 10.5, lat: 21 })),
      ).toMatchObject({ code: 'incident_closed' })
    })

    it('needs a place', async () => {
      expect(
        await errorOf(send('field', 'confirm_duplicate', { incidentId, lon: 10.5 })),
      ).toMatchObject({
        code: 'missing_field',
        field: 'lat',
      })
    })
  })

  describe('correct_incident', () => {
    it('changes what it names, counts the version up and logs before and after', async () => {
      const receipt = await correct('field', {
        categoryCode: 'street_cleaning',
        description: 'as it is',
        severity: 4,
        addressLabel: '人民路',
      })
      expect(receipt).toMatchObject({
        outcome: 'applied',
        incident_id: incidentId,
        version: 2,
        error: null,
      })
      expect(await row()).toMatchObject({
        version: 2,
        category_code: 'street_cleaning',
        description: 'as it is',
        severity: 4,
        address_label: '人民路',
        area_code: 'N-1_A',
        lon: 10.5,
        lat: 21,
      })
      expect((await log())[1]).toMatchObject({
        kind: 'corrected',
        actor: people.field,
        data: {
          changes: {
            categoryCode: ['illegal_dumping', 'street_cleaning'],
            description: ['as it was', 'as it is'],
            severity: [2, 4],
            addressLabel: ['', '人民路'],
          },
        },
      })
    })

    it('moves the area with the place, across districts too, and never the shard key', async () => {
      const cursor = async () =>
        (
          await db.asUser(people.manager, (tx) =>
            tx.query<{ c: { cursor: string; months: string[] } }>(
              `select public.changes_since(coalesce($1, '')) as c`,
              [before],
            ),
          )
        )[0]!.c
      let before: string | null = null
      before = (await cursor()).cursor
      expect((await correct('field', { lon: 12.5, lat: 20.5 })).version).toBe(2)
      expect(await row()).toMatchObject({
        area_code: 'N-10-A',
        district_code: 'N-1',
        lon: 12.5,
        lat: 20.5,
        qx: 40959,
        qy: 16384,
      })
      expect((await log())[1]).toMatchObject({
        data: { changes: { lon: [10.5, 12.5], lat: [21, 20.5] }, areaCode: ['N-1_A', 'N-10-A'] },
      })
      // the manager of the old district, who does not see it any more, is told that the month changed
      expect(
        await db.query('select area_code from private.incident_moves where incident_id = $1', [
          incidentId,
        ]),
      ).toEqual([{ area_code: 'N-1_A' }])
      expect((await cursor()).months).toHaveLength(1)
    })

    it('takes a label along that only names the area, and leaves what people wrote', async () => {
      await db.query('update public.incidents set address_label = $2 where id = $1', [
        incidentId,
        'N-1_A',
      ])
      await correct('admin', { lon: 12.5, lat: 20.5 }, 2)
      expect(await row()).toMatchObject({ address_label: 'N-10-A' })
      expect((await log())[1]).toMatchObject({
        data: { changes: { addressLabel: ['N-1_A', 'N-10-A'] } },
      })
      await db.query(`update public.incidents set address_label = 'by the bridge' where id = $1`, [
        incidentId,
      ])
      await correct('admin', { lon: 10.5, lat: 21 }, 4)
      expect(await row()).toMatchObject({ address_label: 'by the bridge', area_code: 'N-1_A' })
    })

    it('judges what waited behind it by the rights before it, for a day and for its sender alone', async () => {
      const foreign = await report('admin', { lon: 10.5, lat: 21 })
      const receipts = await applyCommands(db, people.field, [
        commandOf(people.field, 'correct_incident', {
          ...{ incidentId: foreign, baseVersion: 1, changes: { lon: 12.5, lat: 20.5 } },
        }),
        commandOf(people.field, 'add_note', { incidentId: foreign, note: 'same call' }),
      ])
      expect(receipts).toMatchObject([{ outcome: 'applied' }, { outcome: 'applied' }])
      expect(
        await send('field', 'add_note', { incidentId: foreign, note: 'next call' }),
      ).toMatchObject({ outcome: 'applied' })
      // another person of the old area saw it too, and moved nothing
      expect(
        await errorOf(send('manager', 'add_note', { incidentId: foreign, note: 'mine' })),
      ).toMatchObject({ code: 'unknown_incident' })
      await db.exec('alter table public.incident_log disable trigger refuse_log_change')
      await db.query(
        `update public.incident_log set at = at - interval '25 hours'
         where incident_id = $1 and kind = 'corrected'`,
        [foreign],
      )
      await db.exec('alter table public.incident_log enable trigger refuse_log_change')
      expect(
        await errorOf(send('field', 'add_note', { incidentId: foreign, note: 'too late' })),
      ).toMatchObject({ code: 'unknown_incident' })
    })

    it('lets act behind it only what was composed before its call left', async () => {
      const left = Date.parse('2026-11-20T08:00:00Z')
      const after = (seconds: number) => new Date(left + seconds * 1000).toISOString()
      const move = async (sentAt?: string) => {
        const foreign = await report('admin', { lon: 10.5, lat: 21 })
        const correction = commandOf(people.manager, 'correct_incident', {
          ...{ incidentId: foreign, baseVersion: 1, changes: { lon: 12.5, lat: 20.5 } },
        })
        const [receipt] = await applyCommands(db, people.manager, [
          { ...correction, ...(sentAt && { sentAt }) },
        ])
        expect(receipt).toMatchObject({ outcome: 'applied', version: 2 })
        return foreign
      }
      const outcomes = async (foreign: string, deviceAt?: string) => {
        const about = { incidentId: foreign, deviceAt }
        const changes = { description: 'seen again' }
        const receipts = [
          await send('manager', 'add_note', { ...about, note: 'x' }),
          await send('manager', 'add_photo', { ...about, photos: [photoRef()] }),
          await send('manager', 'confirm_duplicate', { ...about, lon: 12.5, lat: 20.5 }),
          await send('manager', 'correct_incident', { ...about, baseVersion: 1, changes }),
          await send('manager', 'correct_incident', { ...about, baseVersion: 2, changes }),
          await send('manager', 'transition', {
            ...{ ...about, baseVersion: (await row(foreign)).version, name: 'reject' },
            ...{ note: 'not here' },
          }),
        ]
        return receipts.map(({ outcome, error }) => error?.code ?? outcome)
      }
      const notes = ['applied', 'applied', 'applied']
      expect(await outcomes(await move(after(0)), after(-60))).toEqual([
        ...notes,
        ...['conflict', 'applied', 'applied'],
      ])
      const later = [...notes, 'not_allowed', 'not_allowed', 'unknown_incident']
      expect(await outcomes(await move(after(0)), after(1))).toEqual(later)
      // of unknown instants
      expect(await outcomes(await move(after(0)))).toEqual(later)
      expect(await outcomes(await move(), after(-60))).toEqual(later)
    })

    it('tells those who lose sight of it where it went, and nobody else', async () => {
      const foreign = await report('admin', { lon: 10.5, lat: 21 })
      const moved = (person: Person) =>
        db.asUser(people[person], async (tx) => {
          const [found] = await tx.query<{ moved: { areaCode: string } | null }>(
            'select public.incident_moved($1::uuid) as moved',
            [foreign],
          )
          return found!.moved?.areaCode ?? null
        })
      expect(await moved('field')).toBeNull()
      await send('field', 'correct_incident', {
        ...{ incidentId: foreign, baseVersion: 1, changes: { lon: 12.5, lat: 20.5 } },
      })
      const told = await Promise.all(
        (['field', 'manager', 'leader', 'otherManager', 'stranger', 'handler'] as const).map(moved),
      )
      expect(told).toEqual(['N-10-A', 'N-10-A', null, null, null, null])
    })

    it('shows up in changes_since without a move', async () => {
      const changes = async (cursor: string) =>
        (
          await db.asUser(people.field, (tx) =>
            tx.query<{ c: { cursor: string; months: string[] } }>(
              'select public.changes_since($1) as c',
              [cursor],
            ),
          )
        )[0]!.c
      const { cursor } = await changes('')
      expect((await changes(cursor)).months).toEqual([])
      await correct('field', { severity: 1 })
      expect((await changes(cursor)).months).toHaveLength(1)
    })

    it('gives a conflict with the server’s row to a stale version, and changes nothing', async () => {
      await correct('manager', { description: 'the manager was here', lon: 10.25, lat: 21 })
      const before = [await row(), await log()]
      const command = commandOf(people.field, 'correct_incident', {
        incidentId,
        baseVersion: 1,
        changes: { description: 'mine', severity: 4 },
      })
      const [receipt] = await applyCommands(db, people.field, [command])
      expect(receipt).toMatchObject({
        outcome: 'conflict',
        incident_id: incidentId,
        version: 2,
        missing_photos: [],
        error: {
          code: 'conflict',
          server: {
            version: 2,
            categoryCode: 'illegal_dumping',
            lon: 10.25,
            lat: 21,
            description: 'the manager was here',
            severity: 2,
            addressLabel: '',
            areaCode: 'N-1_A',
            stage: 'reported',
            changedBy: 'manager',
          },
        },
      })
      expect(Date.parse(String(receipt!.error!.server!.changedAt))).toBeGreaterThan(0)
      expect([await row(), await log()]).toEqual(before)
      // sent again: the same receipt, and a note in between does not count as a change
      await send('field', 'add_note', { incidentId, note: 'x' })
      expect(await applyCommands(db, people.field, [command])).toEqual([receipt])
      expect((await correct('field', { severity: 4 }, 2)).version).toBe(3)
      // a version of the future is as stale
      expect((await correct('field', { severity: 1 }, 9)).outcome).toBe('conflict')
    })

    it('keeps order inside one call', async () => {
      const receipts = await applyCommands(db, people.field, [
        commandOf(people.field, 'correct_incident', {
          incidentId,
          baseVersion: 1,
          changes: { severity: 3 },
        }),
        commandOf(people.field, 'correct_incident', {
          incidentId,
          baseVersion: 1,
          changes: { severity: 4 },
        }),
        commandOf(people.field, 'correct_incident', {
          incidentId,
          baseVersion: 2,
          changes: { severity: 1 },
        }),
      ])
      expect(receipts.map(({ outcome, version }) => [outcome, version])).toEqual([
        ['applied', 2],
        ['conflict', 2],
        ['applied', 3],
      ])
    })

    it('does nothing where nothing differs', async () => {
      expect(await correct('field', { severity: 2, description: 'as it was' })).toMatchObject({
        outcome: 'applied',
        version: 1,
      })
      expect(await log()).toHaveLength(1)
      expect(await row()).toMatchObject({ version: 1 })
    })

    it.each(['closed', 'rejected', 'merged'])(
      'is refused once the incident is %s',
      async (stage) => {
        await setStage(stage)
        expect(await errorOf(correct('field', { severity: 3 }, 2))).toMatchObject({
          code: 'incident_closed',
        })
      },
    )

    it.each([
      ['no change', {}, { code: 'missing_field', field: 'changes' }],
      ['changes that are no object', [1], { code: 'invalid_field', field: 'changes' }],
      ['a field nobody corrects', { stage: 'closed' }, { code: 'unknown_field', field: 'stage' }],
      ['half a place', { lon: 10.6 }, { code: 'missing_field', field: 'lat' }],
      ['a place outside the city', { lon: 9, lat: 21 }, { code: 'outside_city' }],
      ['an unknown category', { categoryCode: 'nope' }, { code: 'unknown_category' }],
      ['a branch', { categoryCode: 'other' }, { code: 'not_a_leaf_category' }],
      ['half a severity', { severity: 2.5 }, { code: 'invalid_field', field: 'severity' }],
      [
        '10,001 characters',
        { description: 'x'.repeat(10_001) },
        { code: 'too_long', field: 'description' },
      ],
      [
        'a category that wants words where there are none',
        { categoryCode: 'other_matter', description: ' ' },
        { code: 'missing_field', field: 'description' },
      ],
    ])('refuses %s', async (_, changes, error) => {
      expect(await errorOf(correct('field', changes))).toMatchObject(error)
      expect(await row()).toMatchObject({ version: 1, description: 'as it was' })
    })

    it('needs a base version', async () => {
      expect(
        await errorOf(send('field', 'correct_incident', { incidentId, changes: { severity: 3 } })),
      ).toMatchObject({ code: 'missing_field', field: 'baseVersion' })
    })
  })

  it('demands words of a report where the pin alone says nothing', async () => {
    const of = async (changes: Record<string, unknown>) =>
      (await applyCommands(db, people.field, [reportCommand(people.field, changes)]))[0]!
    for (const description of [undefined, '', ' \t\n\u3000\u00a0']) {
      expect((await of({ categoryCode: 'other_matter', description })).error).toMatchObject({
        code: 'missing_field',
        field: 'description',
      })
    }
    expect((await of({ categoryCode: 'other_matter', description: '狗' })).outcome).toBe('applied')
  })

  it('takes accuracy and how the pin was placed, and refuses anything else there', async () => {
    const id = await report('field', { accuracyMeters: 12.5, placedBy: 'gps' })
    expect((await log(id))[0]).toMatchObject({ data: { accuracyMeters: 12.5, placedBy: 'gps' } })
    for (const [changes, field] of [
      [{ accuracyMeters: -1 }, 'accuracyMeters'],
      [{ accuracyMeters: 100_001 }, 'accuracyMeters'],
      [{ placedBy: 'guess' }, 'placedBy'],
    ] as const) {
      const [receipt] = await applyCommands(db, people.field, [
        reportCommand(people.field, changes),
      ])
      expect(receipt!.error).toMatchObject({ code: 'invalid_field', field })
    }
  })

  it('orders by the server’s clock, whatever the device’s says, and flags that one', async () => {
    const tenYears = 10 * 365 * 86_400_000
    const times = [0, tenYears, -tenYears, 0].map((off) => new Date(Date.now() + off).toISOString())
    const commands = times.map((deviceAt) => reportCommand(people.field, { deviceAt }))
    const receipts = await applyCommands(db, people.field, commands)
    const found = await db.query<{ id: string; suspect: boolean; near: boolean }>(
      `select i.id, coalesce((l.data ->> 'deviceClockSuspect')::boolean, false) as suspect,
              abs(extract(epoch from i.reported_at - now())) < 60 as near
       from public.incidents i join public.incident_log l on l.incident_id = i.id
       where i.id = any ($1::uuid[]) order by i.reported_at`,
      [receipts.map(({ incident_id }) => incident_id!)],
    )
    expect(found).toEqual(
      receipts.map(({ incident_id }, n) => ({
        id: incident_id,
        suspect: n === 1 || n === 2,
        near: true,
      })),
    )
  })

  it('measures the device’s clock by the time at which its call left, and tells it with the log', async () => {
    const off = 3 * 3_600_000
    const device = (ago: number) => new Date(Date.now() - off - ago).toISOString()
    const command = {
      ...reportCommand(people.field, { deviceAt: device(600_000) }),
      sentAt: device(0),
    }
    const [receipt] = await applyCommands(db, people.field, [command])
    const again = await applyCommands(db, people.field, [{ ...command, sentAt: device(-60_000) }])
    expect(again[0]).toMatchObject({ outcome: 'replayed' })
    const entries = await db.asUser(people.field, (tx) =>
      tx.query<{ skew: number | null }>(
        `select (e ->> 'deviceSkewSeconds')::int as skew
         from jsonb_array_elements(public.incident_detail($1::uuid) -> 'log') e`,
        [receipt!.incident_id!],
      ),
    )
    expect(entries).toHaveLength(1)
    expect(Math.abs(entries[0]!.skew! - off / 1000)).toBeLessThan(30)
    expect(
      await applyCommands(db, people.field, [{ ...reportCommand(people.field), sentAt: 'soon' }]),
    ).toMatchObject([{ outcome: 'rejected', error: { code: 'invalid_command', field: 'sentAt' } }])
  })

  /** Repeats a journaled call of somebody, as the server does at its start. */
  const replay = (sql: string, body: string, user: string = people.field) =>
    db.transaction(async (tx) => {
      await tx.query(
        `select set_config('request.jwt.claim.sub', $1, true),
          set_config('request.jwt.claims', $2, true)`,
        [user, JSON.stringify({ sub: user })],
      )
      return (await tx.query<{ r: Receipt[] }>(sql, [body]))[0]!.r
    })
  const at = (instant: string | null) => `
    select private.apply_commands_at($1::text::json, ${instant === null ? 'null' : `'${instant}'`}) as r`
  const known = async (commands: readonly { id: string }[]) =>
    (
      await db.query<{ outcome: string }>(
        'select outcome from public.commands where id = any ($1::uuid[])',
        [commands.map(({ id }) => id)],
      )
    ).map(({ outcome }) => outcome)

  it('applies a replayed call at the time it was received, for the owner alone', async () => {
    await db.query(`update public.memberships set valid_from = '2026-01-01' where user_id = $1`, [
      people.field,
    ])
    const command = reportCommand(people.field, { deviceAt: '2026-02-28T15:59:00Z' })
    const note = commandOf(people.field, 'add_note', {
      incidentId: (JSON.parse(command.payload) as { incidentId: string }).incidentId,
      note: 'x',
    })
    const received = '2026-02-28T16:00:00.5Z'
    const body = JSON.stringify([command, note])
    await expect(
      db.asUser(people.field, (tx) => tx.query(at(received), [body])),
    ).rejects.toMatchObject({
      code: '42501',
    })
    expect((await replay(at(received), body)).map(({ outcome }) => outcome)).toEqual([
      'applied',
      'applied',
    ])
    const [stored] = await db.query(
      `select i.reported_at = '2026-02-28T16:00:00.500001Z' as first, i.month::text as month,
         l.at = '2026-02-28T16:00:00.500002Z' as second, l.data,
         (select received_at = i.reported_at from public.commands where id = $2) as command
       from public.incidents i join public.incident_log l on l.incident_id = i.id and l.seq = 2 where i.id = $1`,
      [note.payload.slice(15, 51), command.id],
    )
    // midnight of March in Shanghai
    expect(stored).toEqual({
      first: true,
      month: '2026-03-01',
      second: true,
      data: {},
      command: true,
    })
    // no instant, and one that is to come, mean now
    for (const instant of [null, '2999-01-01T00:00:00Z']) {
      const late = reportCommand(people.field)
      expect((await replay(at(instant), JSON.stringify([late])))[0]!.outcome).toBe('applied')
      const [{ near } = {}] = await db.query<{ near: boolean }>(
        `select abs(extract(epoch from received_at - now())) < 60 as near from public.commands where id = $1`,
        [late.id],
      )
      expect(near).toBe(true)
    }
  })

  it('judges a replayed call by the rights of its time, not by those of now', async () => {
    const user = people.otherManager
    const changeRole = (sql: string) =>
      db.query(`update public.memberships set ${sql} where user_id = $1`, [user])
    const received = '2026-06-01T08:00:00Z'
    const calls = () => {
      const report = reportCommand(user, { lon: 12.5 })
      const { incidentId: made } = JSON.parse(report.payload) as { incidentId: string }
      return [report, commandOf(user, 'add_note', { incidentId: made, note: 'x' })]
    }
    const outcomes = async (commands: unknown[], instant = received) =>
      (await replay(at(instant), JSON.stringify(commands), user)).map(
        ({ outcome, error }) => error?.code ?? outcome,
      )
    // somebody else's, seen and corrected by role alone
    const theirs = await report('admin', { lon: 12.5 })
    await changeRole(`valid_from = '2026-01-01', valid_to = '2026-06-02'`)
    const change = commandOf(user, 'correct_incident', {
      incidentId: theirs,
      baseVersion: 1,
      changes: { severity: 4 },
    })
    const before = [...calls(), change]
    expect(await outcomes(before)).toEqual(['applied', 'applied', 'applied'])
    // live, and by a call that came in later, the role is over
    expect((await applyCommands(db, user, calls())).map(({ error }) => error?.code)).toEqual([
      'not_allowed',
      'unknown_incident',
    ])
    await expect(outcomes(calls(), '2026-06-03T08:00:00Z')).rejects.toMatchObject({
      code: 'WG003',
      detail: expect.stringContaining('not_allowed'),
    })
    await changeRole(`valid_from = '2026-01-01', valid_to = null`)
  })

  it('takes the rights on an own report away with the role that gave them', async () => {
    const user = people.otherManager
    const changeRole = (sql: string) =>
      db.query(`update public.memberships set ${sql} where user_id = $1`, [user])
    const made = reportCommand(user, { lon: 12.5 })
    const { incidentId: own } = JSON.parse(made.payload) as { incidentId: string }
    expect((await applyCommands(db, user, [made]))[0]).toMatchObject({ outcome: 'applied' })
    const place = { lon: 12.5, lat: 21, accuracyMeters: 8.5 }
    const writes = () => [
      commandOf(user, 'add_note', { incidentId: own, note: 'x' }),
      commandOf(user, 'correct_incident', {
        incidentId: own,
        baseVersion: 1,
        changes: { severity: 4 },
      }),
      commandOf(user, 'add_photo', { incidentId: own, photos: [photoRef()] }),
      commandOf(user, 'confirm_duplicate', { incidentId: own, ...place, photos: [photoRef()] }),
    ]
    const rights = async () => {
      const [row] = await db.asUser(user, (tx) =>
        tx.query<{ found: { canCorrect: boolean; canNote: boolean; canAsk: boolean } }>(
          'select public.incident_detail($1) as found',
          [own],
        ),
      )
      return [row!.found.canCorrect, row!.found.canNote, row!.found.canAsk]
    }
    const refused = async () =>
      (await applyCommands(db, user, writes())).map(({ outcome, error }) => error?.code ?? outcome)
    expect(await rights()).toEqual([true, true, true])
    // over, and still to be read: the report stays the person's own
    await changeRole(`valid_from = '2026-01-01', valid_to = '2026-06-02'`)
    expect(await rights()).toEqual([false, false, false])
    expect(await refused()).toEqual(writes().map(() => 'not_allowed'))
    // another role gives what it gives, also over the own report
    await changeRole(`valid_to = null, role = 'leader'`)
    expect(await rights()).toEqual([false, false, false])
    expect(await refused()).toEqual(writes().map(() => 'not_allowed'))
    await changeRole(`role = 'field_staff'`)
    expect(await rights()).toEqual([true, true, false])
    await changeRole(`role = 'grid_manager'`)
  })

  it('records no refusal in a replay that a lost role, person or incident may be to blame for', async () => {
    const user = people.stranger
    const calls = [
      reportCommand(user),
      commandOf(user, 'add_note', { incidentId: randomUUID(), note: 'x' }),
      // a fault of its own stays a fault
      commandOf(user, 'add_note', { incidentId: randomUUID(), note: '' }),
    ]
    const received = '2026-06-01T08:00:00Z'
    const receipts = await replay(at(received), JSON.stringify(calls), user)
    expect(receipts.map(({ error, hash }) => [error?.code, hash === null])).toEqual([
      ['not_allowed', true],
      ['unknown_incident', true],
      ['missing_field', false],
    ])
    expect(await known(calls)).toEqual(['rejected'])
    const nobody = '00000000-0000-4000-8000-00000000000f'
    const unknown = [
      reportCommand(nobody),
      // a fault that would be recorded for anybody known
      commandOf(nobody, 'add_note', { incidentId: randomUUID(), note: '' }),
    ]
    await expect(replay(at(received), JSON.stringify(unknown), nobody)).rejects.toMatchObject({
      code: 'WG003',
    })
    expect(await known(unknown)).toEqual([])
    // the same commands are judged once the server knows more
    await db.query(
      `insert into public.memberships (user_id, role, area_code, valid_from)
       values ($1, 'field_staff', 'N-1_A', '2026-01-01')`,
      [user],
    )
    const again = await replay(at(received), JSON.stringify(calls), user)
    expect(again[0]).toMatchObject({ outcome: 'applied' })
    await db.query('delete from public.memberships where user_id = $1', [user])
  })

  it('lets one of two people correct, and tells the other, when both send in the same moment', async () => {
    for (let round = 0; round < 10; round++) {
      const id = await report('field', {})
      const receipts = await Promise.all(
        (['field', 'manager', 'admin'] as const).map((person) =>
          send(person, 'correct_incident', {
            incidentId: id,
            baseVersion: 1,
            changes: { description: person },
          }),
        ),
      )
      expect(receipts.map(({ outcome }) => outcome).sort()).toEqual([
        'applied',
        'conflict',
        'conflict',
      ])
      const winner = receipts.findIndex(({ outcome }) => outcome === 'applied')
      const description = ['field', 'manager', 'admin'][winner]
      expect(await row(id)).toMatchObject({ version: 2, description })
      for (const { error } of receipts.filter(({ outcome }) => outcome === 'conflict')) {
        expect(error).toMatchObject({ server: { version: 2, description, changedBy: description } })
      }
    }
  })

  it('numbers the log without gap or clash when many write in the same moment', async () => {
    const notes = (person: Person) =>
      applyCommands(
        db,
        people[person],
        Array.from({ length: 15 }, (_, n) =>
          commandOf(people[person], 'add_note', { incidentId, note: `${person} ${n}` }),
        ),
      )
    const receipts = (await Promise.all([notes('field'), notes('manager'), notes('admin')])).flat()
    expect(new Set(receipts.map(({ outcome }) => outcome))).toEqual(new Set(['applied']))
    const entries = await log()
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 46 }, (_, n) => n + 1))
    for (const person of ['field', 'manager', 'admin']) {
      expect(
        entries.map(({ note }) => String(note)).filter((note) => note.startsWith(person)),
      ).toEqual(Array.from({ length: 15 }, (_, n) => `${person} ${n}`))
    }
  })
})
