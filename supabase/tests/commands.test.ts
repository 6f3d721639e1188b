import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quantise } from '../../src/domain/answers/columns.ts'
import {
  applyBody,
  applyCommands,
  hashOf,
  reportCommand,
  reportPayload,
} from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity, smallCityBox } from './harness/small-city.ts'

describeOnEachDatabase('apply_commands', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
  })
  afterAll(() => db?.close())

  const incident = async (id: unknown) =>
    (await db.query('select * from public.incidents where id = $1', [String(id)]))[0]
  const countOf = async (table: string) =>
    Number((await db.query<{ n: number }>(`select count(*) as n from public.${table}`))[0]?.n)
  const only = async (command: unknown, user: string = people.field) => {
    const [receipt, ...more] = await applyCommands(db, user, [command])
    expect(more).toEqual([])
    return receipt!
  }
  const codeOf = async (changes: Record<string, unknown>, user: string = people.field) =>
    (await only(reportCommand(user, changes), user)).error

  it('stores a report with its place, month and log, and answers with its hash', async () => {
    const payload = reportPayload({
      lon: 10.25,
      lat: 20.5,
      description: '路边垃圾堆积',
      severity: 3,
      addressLabel: '人民路 1 号',
      deviceAt: '2026-03-01T15:59:00+08:00',
    })
    const command = { ...reportCommand(people.field), payload: JSON.stringify(payload) }
    expect(await only(command)).toEqual({
      id: command.id,
      outcome: 'applied',
      hash: hashOf(command.payload),
      incident_id: payload.incidentId,
      version: 1,
      error: null,
      case_number: expect.stringMatching(/^\d{4}-000\d{3}$/),
      missing_photos: [],
    })
    expect(await incident(payload.incidentId)).toMatchObject({
      district_code: 'N-1',
      area_code: 'N-1_A',
      category_code: 'illegal_dumping',
      department_code: null,
      stage: 'reported',
      severity: 3,
      description: '路边垃圾堆积',
      address_label: '人民路 1 号',
      reported_by: people.field,
      channel: 'app',
      qx: quantise(10.25, smallCityBox.west, smallCityBox.east),
      qy: quantise(20.5, smallCityBox.south, smallCityBox.north),
    })
    const log = await db.query('select * from public.incident_log where incident_id = $1', [
      payload.incidentId,
    ])
    expect(log).toHaveLength(1)
    expect(log[0]).toMatchObject({
      seq: 1,
      kind: 'reported',
      stage_to: 'reported',
      actor: people.field,
      command_id: command.id,
    })
    const [time] = await db.query(
      `select i.month = date_trunc('month', i.reported_at at time zone 'Asia/Shanghai')::date as month,
              i.device_at = '2026-03-01T07:59:00Z' as device, now() - i.reported_at < '1 minute' as server
       from public.incidents i where id = $1`,
      [payload.incidentId],
    )
    expect(time).toEqual({ month: true, device: true, server: true })
  })

  it('gives the stored receipt to a command sent again and changes nothing', async () => {
    const good = reportCommand(people.field)
    const bad = reportCommand(people.field, { lon: 9 })
    const first = await applyCommands(db, people.field, [good, bad])
    const before = await countOf('incidents')
    const again = await applyCommands(db, people.field, [bad, good, good])
    expect(again).toEqual([
      first[1],
      { ...first[0], outcome: 'replayed' },
      { ...first[0], outcome: 'replayed' },
    ])
    expect(await countOf('incidents')).toBe(before)
  })

  it.each([
    ['payload', { payload: JSON.stringify(reportPayload()) }],
    ['type', { type: 'something_else' }],
    ['instant', { at: '2026-03-01T08:00:01Z' }],
    ['replaced command', { replaces: randomUUID() }],
  ])('rejects a known id with another %s and keeps the first record', async (_, change) => {
    const command = reportCommand(people.field)
    const applied = await only(command)
    expect(await only({ ...command, ...change })).toMatchObject({
      id: command.id,
      outcome: 'rejected',
      hash: null,
      incident_id: null,
      error: { code: 'id_reused', field: 'id' },
    })
    expect(await only(command)).toEqual({ ...applied, outcome: 'replayed' })
  })

  it('tells nothing about somebody else’s id, and does not use it up', async () => {
    const command = reportCommand(people.field)
    await only(command)
    expect(await only({ ...command, actor: people.manager }, people.manager)).toEqual({
      id: command.id,
      outcome: 'rejected',
      hash: null,
      incident_id: null,
      version: null,
      error: { code: 'id_taken', field: 'id' },
      missing_photos: [],
    })
    // a queue of one person sent in another's session stays sendable
    const queued = reportCommand(people.field)
    expect(await only(queued, people.manager)).toMatchObject({
      outcome: 'rejected',
      hash: null,
      error: { code: 'wrong_actor' },
    })
    expect((await only(queued)).outcome).toBe('applied')
  })

  it('records a rejected command, and the one that replaces it', async () => {
    const bad = reportCommand(people.field, { categoryCode: 'no_such' })
    expect((await only(bad)).hash).toBe(hashOf(bad.payload))
    const retry = { ...reportCommand(people.field), replaces: bad.id }
    expect((await only(retry)).outcome).toBe('applied')
    expect(
      await db.query(
        'select outcome, replaces from public.commands where id = any ($1::uuid[]) order by outcome',
        [[bad.id, retry.id]],
      ),
    ).toEqual([
      { outcome: 'applied', replaces: bad.id },
      { outcome: 'rejected', replaces: null },
    ])
  })

  describe('refuses', () => {
    it.each([
      ['a point outside the city', { lon: 9.99 }, { code: 'outside_city' }],
      ['a longitude beyond the globe', { lon: 180.5 }, { code: 'invalid_field', field: 'lon' }],
      ['a latitude as text', { lat: '21' }, { code: 'invalid_field', field: 'lat' }],
      [
        'a coordinate that JSON turned into null',
        { lat: Number.NaN },
        { code: 'missing_field', field: 'lat' },
      ],
      ['no longitude', { lon: undefined }, { code: 'missing_field', field: 'lon' }],
      ['an unknown category', { categoryCode: 'nope' }, { code: 'unknown_category' }],
      ['a category with leaves below', { categoryCode: 'other' }, { code: 'not_a_leaf_category' }],
      [
        'a description of 10,001 characters',
        { description: '网'.repeat(10_001) },
        { code: 'too_long', field: 'description' },
      ],
      [
        'a description that is no text',
        { description: ['x'] },
        { code: 'invalid_field', field: 'description' },
      ],
      [
        'an address of 501 characters',
        { addressLabel: 'x'.repeat(501) },
        { code: 'too_long', field: 'addressLabel' },
      ],
      ['severity 5', { severity: 5 }, { code: 'invalid_field', field: 'severity' }],
      ['half a severity', { severity: 1.5 }, { code: 'invalid_field', field: 'severity' }],
      [
        'an incident id that is none',
        { incidentId: 'x' },
        { code: 'invalid_field', field: 'incidentId' },
      ],
      [
        'a time without offset',
        { deviceAt: '2026-03-01T08:00:00' },
        { code: 'invalid_field', field: 'deviceAt' },
      ],
      [
        'a day that does not exist',
        { deviceAt: '2026-02-30T08:00:00Z' },
        { code: 'invalid_field', field: 'deviceAt' },
      ],
      ['a field nobody knows', { stage: 'closed' }, { code: 'unknown_field', field: 'stage' }],
      ['a NUL in the text', { description: 'a\u0000b' }, { code: 'invalid_payload' }],
      ['a lone surrogate', { description: 'a\ud800b' }, { code: 'invalid_payload' }],
    ])('%s', async (_, changes, error) => {
      const before = await countOf('incidents')
      expect(await codeOf(changes)).toMatchObject(error)
      expect(await countOf('incidents')).toBe(before)
    })

    it('an incident that exists', async () => {
      const command = reportCommand(people.field)
      const { incident_id } = await only(command)
      // in another district, where the primary key would let it in
      expect(await codeOf({ incidentId: incident_id, lon: 12.5 })).toMatchObject({
        code: 'incident_exists',
      })
    })

    it('an unknown type, and a payload that is no object', async () => {
      expect((await only({ ...reportCommand(people.field), type: 'drop_table' })).error?.code).toBe(
        'unknown_type',
      )
      for (const payload of ['[]', 'null', '"x"', '{', '']) {
        expect((await only({ ...reportCommand(people.field), payload })).error?.code).toBe(
          'invalid_payload',
        )
      }
    })

    it('envelopes that are none, without recording them', async () => {
      const before = await countOf('commands')
      const sound = reportCommand(people.field)
      const broken: [unknown, string | null, string][] = [
        [null, null, 'command'],
        [[], null, 'command'],
        [{ ...sound, extra: 1 }, sound.id, 'command'],
        [{ ...sound, id: 'x' }, null, 'id'],
        [{ ...sound, id: sound.id.toUpperCase() }, null, 'id'],
        [{ ...sound, actor: undefined }, sound.id, 'actor'],
        [{ ...sound, payload: {} }, sound.id, 'payload'],
        [{ ...sound, at: 'yesterday' }, sound.id, 'at'],
        [{ ...sound, type: '' }, sound.id, 'type'],
        [{ ...sound, replaces: 'x' }, sound.id, 'replaces'],
      ]
      const receipts = await applyCommands(
        db,
        people.field,
        broken.map(([item]) => item),
      )
      expect(receipts.map(({ id, error }) => [id, error?.code, error?.field])).toEqual(
        broken.map(([, id, field]) => [id, 'invalid_command', field]),
      )
      expect(await countOf('commands')).toBe(before)
    })

    it.each(['leader', 'handler', 'stranger'] as const)('a report by the %s', async (person) => {
      expect(await codeOf({}, people[person])).toEqual({ code: 'not_allowed' })
    })

    it('a membership that has ended or not begun', async () => {
      for (const [from, to] of [
        ['-infinity', 'yesterday'],
        ['tomorrow', null],
      ] as const) {
        const id = randomUUID()
        await db.query(`insert into public.profiles (user_id, display_name) values ($1, 'x')`, [id])
        await db.query(
          `insert into public.memberships (user_id, role, area_code, valid_from, valid_to)
           values ($1, 'admin', 'N', $2::text::timestamptz, $3::text::timestamptz)`,
          [id, from, to],
        )
        expect(await codeOf({}, id)).toEqual({ code: 'not_allowed' })
      }
    })
  })

  it.each(['field', 'manager', 'admin'] as const)(
    'lets the %s report outside their own area, gives it to who cares for that one, and goes on showing it',
    async (person) => {
      const user = people[person]
      const { outcome, incident_id: id } = await only(reportCommand(user, { lon: 12.5 }), user)
      expect(outcome).toBe('applied')
      const shownTo = (reader: string) =>
        db.asUser(reader, async (tx) => {
          const [row] = await tx.query<{ area: string | null; own: boolean; open: boolean }>(
            `select public.incident_detail($1::uuid) -> 'incident' ->> 'areaCode' as area,
               public.my_day(1) -> 'own' @> jsonb_build_array(jsonb_build_object('id', $1::text)) as own,
               public.open_incidents() -> 'rows' @> jsonb_build_array(jsonb_build_object('id', $1::text)) as open`,
            [id],
          )
          return [row!.area, row!.own, row!.open]
        })
      // routed by the place alone: to the district that holds it, past the reporter's own manager
      expect(await shownTo(people.otherManager)).toEqual(['N-10-A', false, true])
      if (person === 'field') expect(await shownTo(people.manager)).toEqual([null, false, false])
      // and its reporter is told what becomes of it, wherever it lies
      expect(await shownTo(user)).toEqual(['N-10-A', true, true])
    },
  )

  it('gives 199 receipts of applied commands beside one poisoned one, in order', async () => {
    for (const poison of ['\u0000', '\udfff']) {
      const commands = Array.from({ length: 200 }, (_, n) =>
        reportCommand(people.field, n === 77 ? { description: poison } : {}),
      )
      const receipts = await applyCommands(db, people.field, commands)
      expect(receipts.map(({ id }) => id)).toEqual(commands.map(({ id }) => id))
      expect(receipts.filter(({ outcome }) => outcome === 'applied')).toHaveLength(199)
      expect(receipts[77]?.error?.code).toBe('invalid_payload')
    }
  })

  it('survives a NUL in an envelope too', async () => {
    const [a, b, c] = [
      reportCommand(people.field),
      { ...reportCommand(people.field), type: 'x\u0000' },
      reportCommand(people.field),
    ]
    const receipts = await applyCommands(db, people.field, [a, b, c])
    expect(receipts.map(({ id, outcome }) => [id, outcome])).toEqual([
      [a.id, 'applied'],
      [b.id, 'rejected'],
      [c.id, 'applied'],
    ])
  })

  it('survives payloads nested deep, and counts no bracket inside a string', async () => {
    const commands = [
      { ...reportCommand(people.field), payload: '['.repeat(400_000) },
      { ...reportCommand(people.field), payload: `{"a":`.repeat(100_000) },
      { ...reportCommand(people.field), payload: '['.repeat(1000) + ']'.repeat(1000) },
    ]
    const ramp = reportCommand(people.field, { description: '["\\{'.repeat(2000) })
    for (const command of commands) {
      const receipts = await applyCommands(db, people.field, [command, reportCommand(people.field)])
      expect(receipts.map(({ outcome }) => outcome)).toEqual(['rejected', 'applied'])
      expect(await incident(receipts[1]?.incident_id)).toBeDefined()
    }
    expect((await only(ramp)).outcome).toBe('applied')
  })

  it('refuses calls that are too large, as a whole', async () => {
    const before = await countOf('commands')
    const one = reportCommand(people.field)
    await expect(
      applyCommands(
        db,
        people.field,
        Array.from({ length: 201 }, () => reportCommand(people.field)),
      ),
    ).rejects.toMatchObject({ code: 'PT413', detail: 'too_many_commands' })
    const fits = JSON.stringify([one])
    await expect(
      applyBody(db, people.field, fits + ' '.repeat(1_048_577 - fits.length)),
    ).rejects.toMatchObject({ code: 'PT413', detail: 'too_large' })
    await expect(applyBody(db, people.field, '{}')).rejects.toMatchObject({ code: '22023' })
    expect(await countOf('commands')).toBe(before)
    expect(
      await applyBody(db, people.field, fits + ' '.repeat(1_048_576 - fits.length)),
    ).toMatchObject([{ outcome: 'applied' }])
    expect(await applyCommands(db, people.field, [])).toEqual([])
  })

  it('refuses who is not signed in', async () => {
    await expect(
      db.asAnon((tx) => tx.query(`select public.apply_commands('[]'::json)`)),
    ).rejects.toMatchObject({ code: '42501' })
  })

  it('places a point like the importer: deepest area, lowest code on a border, else the district', async () => {
    const place = async (lon: number, lat: number) =>
      (
        await db.query('select area_code, district_code from private.place_incident($1, $2)', [
          lon,
          lat,
        ])
      )[0]
    expect(await place(11, 21)).toEqual({ area_code: 'N-1-A', district_code: 'N-1' })
    expect(await place(12, 21)).toEqual({ area_code: 'N-1-A', district_code: 'N-1' })
    expect(await place(13.5, 21)).toEqual({ area_code: 'N-10', district_code: 'N-10' })
    expect(await place(14, 22)).toEqual({ area_code: 'N-10', district_code: 'N-10' })
    expect(await place(14.0001, 22)).toBeUndefined()
  })

  it('quantises bit for bit like the client', async () => {
    const halves = [0.5, 1.5, 2.5, 32767.5, 65534.5].map((n) => n / 65535)
    const values = fc.sample(fc.double({ min: -0.1, max: 1.1, noNaN: true }), 2000).concat(halves)
    for (const [low, high] of [
      [0, 1],
      [-122.52, -122.35],
      [112.5, 113.25],
    ] as const) {
      const given = values.map((value) => low + value * (high - low))
      const rows = await db.query<{ q: number }>(
        `select private.quantise(v, $2, $3) as q from jsonb_array_elements_text($1::text::jsonb) with ordinality as e (t, n),
           lateral (select t::float8 as v) x order by n`,
        [JSON.stringify(given), low, high],
      )
      expect(rows.map(({ q }) => q)).toEqual(given.map((value) => quantise(value, low, high)))
    }
  })

  it('applies a batch once when it is sent four times at once', async () => {
    const commands = Array.from({ length: 20 }, () => reportCommand(people.field))
    const before = await countOf('incidents')
    const calls = await Promise.all(
      [commands, commands, commands.toReversed(), commands].map((batch) =>
        applyCommands(db, people.field, batch),
      ),
    )
    expect(await countOf('incidents')).toBe(before + 20)
    const outcomes = calls.map((receipts) => new Set(receipts.map(({ outcome }) => outcome)))
    expect(outcomes.map((set) => [...set].join()).sort()).toEqual([
      'applied',
      'replayed',
      'replayed',
      'replayed',
    ])
  })

  it('does the same whatever the neighbours and the order', async () => {
    const kinds = fc.constantFrom<Record<string, unknown>>(
      {},
      { lon: 12.5 },
      { lon: 9 },
      { description: '\u0000' },
      { severity: 9 },
      { categoryCode: 'other' },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(kinds, { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.nat()),
        async (changes, order) => {
          const commands = changes.map((change) => reportCommand(people.field, change))
          const shuffled = commands
            .map((command) => ({ command, key: order.next().value }))
            .sort((a, b) => a.key - b.key)
            .map(({ command }) => command)
          const alone = changes.map((change) =>
            'lon' in change && change.lon === 9
              ? 'outside_city'
              : 'description' in change
                ? 'invalid_payload'
                : 'severity' in change
                  ? 'invalid_field'
                  : 'categoryCode' in change
                    ? 'not_a_leaf_category'
                    : null,
          )
          const receipts = await applyCommands(db, people.field, shuffled)
          const byId = new Map(receipts.map((receipt) => [receipt.id, receipt]))
          expect(commands.map(({ id }) => byId.get(id)?.error?.code ?? null)).toEqual(alone)
          // sent again in the first order: the same receipts
          const again = await applyCommands(db, people.field, commands)
          expect(again).toEqual(
            commands.map(({ id }) => {
              const receipt = byId.get(id)!
              return {
                ...receipt,
                outcome: receipt.outcome === 'applied' ? 'replayed' : receipt.outcome,
              }
            }),
          )
        },
      ),
      { numRuns: 25 },
    )
  })
})
