import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  commandTypeNames,
  commandTypes,
  type CommandType,
} from '../../src/domain/command/types/index.ts'
import { applyCommands, commandOf, photoRef, reportPayload } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'

const place = { lon: 10.5, lat: 21, accuracyMeters: 8 }
const deviceAt = '2026-03-01T08:00:00Z'
const photos = () => [photoRef({ takenAt: deviceAt, lon: 10.5, lat: 21 })]
/** A payload of each type with every field that the client's schema has. */
const wholePayloads: Record<CommandType, (incidentId: string) => Record<string, unknown>> = {
  report_incident: () => ({
    ...reportPayload({ ...place, deviceAt, photos: photos(), placedBy: 'gps', severity: 3 }),
    description: 'x',
    addressLabel: 'x',
  }),
  add_note: (incidentId) => ({ incidentId, note: 'x', asks: false, deviceAt }),
  add_photo: (incidentId) => ({ incidentId, photos: photos(), note: 'x', deviceAt }),
  confirm_duplicate: (incidentId) => ({
    ...{ incidentId, ...place, note: 'x' },
    ...{ photos: photos(), deviceAt },
  }),
  correct_incident: (incidentId) => ({
    ...{ incidentId, baseVersion: 1, deviceAt },
    changes: {
      categoryCode: 'illegal_dumping',
      description: 'x',
      addressLabel: 'x',
      severity: 4,
      ...{ lon: 10.5, lat: 21 },
    },
  }),
  transition: (incidentId) => ({ incidentId, baseVersion: 1, name: 'file', deviceAt }),
  make_follow_up: (id) => ({
    ...{ id, areaCode: 'N-1_A', categoryCode: 'noise', departmentCode: 'parks', note: 'x' },
    dueDay: '2026-03-01',
    facts: {
      ...{ method: 'count', observed: 41, expected: 13.2, ratio: 3.1 },
      ...{ from: '2026-01-01', to: '2026-02-28' },
    },
  }),
  finish_follow_up: (id) => ({ id, note: 'x' }),
  dismiss_finding: (id) => ({
    ...{ id, areaCode: 'N-1_A', categoryCode: 'noise', reason: 'x', untilDay: '2099-03-01' },
  }),
  restore_finding: (id) => ({ id }),
  rate: (incidentId) => ({
    ...{ incidentId, closing: 1, responded: true, solved: true, satisfied: 5, why: 'x', deviceAt },
    deviceId: incidentId,
  }),
  callback_outcome: (incidentId) => ({
    ...{ incidentId, closing: 1, outcome: 'refused', note: 'x', deviceAt },
  }),
  keep_closed: (incidentId) => ({ incidentId, closing: 1, note: 'x', deviceAt }),
  appeal: (incidentId) => ({ incidentId, closing: 1, reason: 'x', deviceAt }),
  review_appeal: (incidentId) => ({
    ...{ incidentId, closing: 1, review: 'first', isGranted: true, note: 'x', deviceAt },
  }),
}
/** Commands that must have come first, under the same id. */
const before: Partial<Record<CommandType, CommandType>> = {
  finish_follow_up: 'make_follow_up',
  restore_finding: 'dismiss_finding',
}
/** Not what the reporter may do. */
const actors: Partial<Record<CommandType, string>> = {
  transition: people.manager,
  make_follow_up: people.manager,
  finish_follow_up: people.manager,
  dismiss_finding: people.manager,
  restore_finding: people.manager,
  rate: people.manager,
  callback_outcome: people.manager,
  keep_closed: people.manager,
  appeal: people.handler,
  review_appeal: people.manager,
}
/** Public works has closed it, the city asks, and somebody was not satisfied and appealed. */
const asIfClosed = `
  with closed as (
    update public.incidents set stage = 'closed', closed_at = now(), department_code = 'public_works'
    where id = $1::uuid returning *
  ), draw as (
    insert into public.callback_draws (id, area_code, from_day, to_day, wanted, seed, pool_count, drawn_count,
      list_hash, drawn_by, drawn_at)
    select id, area_code, now(), now(), 1, '', 1, 1, '', $2::uuid, now() from closed returning id
  ), call as (
    insert into public.callbacks (district_code, incident_id, closing, draw_id, n, closed_at, closed_month, area_code,
      category_code, changed_xid)
    select c.district_code, c.id, 1, d.id, 1, c.closed_at, c.month, c.area_code, c.category_code, 0
    from closed c, draw d where $3 in ('rate', 'callback_outcome')
  ), rating as (
    insert into public.ratings (district_code, incident_id, closing, way, solved, asked_by, at, closed_at,
      closed_month, area_code, category_code, department_code, unsolved, changed_xid)
    select district_code, id, 1, 'callback', false, $2::uuid, now(), closed_at, month, area_code, category_code,
      department_code, 'asked', 0
    from closed where $3 in ('keep_closed', 'appeal', 'review_appeal')
  )
  insert into public.appeals (district_code, incident_id, closing, department_code, reason, made_by, made_at, area_code)
  select district_code, id, 1, department_code, 'x', $4::uuid, now(), area_code
  from closed where $3 = 'review_appeal'`
const ofClosed: CommandType[] = [
  ...(['rate', 'callback_outcome', 'keep_closed', 'appeal', 'review_appeal'] as const),
]
/** A step's rows say whether it takes photos. */
const withPhotos: Partial<Record<CommandType, object>> = {
  transition: { name: 'verify', isTrue: true },
}

describeOnEachDatabase('limits of commands, as the client knows them', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    // who files need not choose
    await db.exec('update public.filing_conditions set is_active = code = category_code')
  })
  afterAll(() => db?.close())

  const send = async (type: CommandType, payload: unknown) => {
    const actor = actors[type] ?? people.field
    return (await applyCommands(db, actor, [commandOf(actor, type, payload)]))[0]!
  }
  async function sendWhole(type: CommandType, changes: Record<string, unknown> = {}) {
    const report = reportPayload()
    await send('report_incident', report)
    const first = before[type]
    if (first) await send(first, wholePayloads[first](report.incidentId))
    if (ofClosed.includes(type))
      await db.query(asIfClosed, [report.incidentId, people.admin, type, people.handler])
    const whole = wholePayloads[type](report.incidentId)
    const within =
      'changes' in whole ? { changes: { ...(whole['changes'] as object), ...changes } } : changes
    return send(type, { ...whole, ...within, ...('photos' in changes && changes) })
  }

  it.each(commandTypeNames)('%s: every field of the schema is taken', async (type) => {
    const fields = Object.keys(commandTypes[type].payload.entries)
    expect(Object.keys(wholePayloads[type]('')).sort()).toEqual(fields.sort())
    expect(await sendWhole(type)).toMatchObject({ outcome: 'applied' })
  })

  const texts = commandTypeNames.flatMap((type) =>
    Object.entries<number>(commandTypes[type].maxTexts).map(
      ([field, most]) => [type, field, most] as const,
    ),
  )
  it.each(texts)('%s: %s holds %i characters and not one more', async (type, field, most) => {
    expect(await sendWhole(type, { [field]: '网'.repeat(most) })).toMatchObject({
      outcome: 'applied',
    })
    expect(await sendWhole(type, { [field]: '网'.repeat(most + 1) })).toMatchObject({
      outcome: 'rejected',
      error: { code: 'too_long', field },
    })
  })

  it.each(commandTypeNames)('%s: takes as many photos as the client lets in', async (type) => {
    const { maxPhotos } = commandTypes[type]
    const refs = (count: number) =>
      Array.from({ length: count }, () =>
        photoRef({ hash: randomUUID().replaceAll('-', '').repeat(2) }),
      )
    const bring = (count: number) => ({ ...withPhotos[type], photos: refs(count) })
    if (maxPhotos > 0)
      expect(await sendWhole(type, bring(maxPhotos))).toMatchObject({
        outcome: 'applied',
      })
    expect(await sendWhole(type, bring(maxPhotos + 1))).toMatchObject({
      outcome: 'rejected',
      error: { field: 'photos' },
    })
  })
})
