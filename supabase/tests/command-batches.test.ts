import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '../server/base/database-types.ts'
import { applyCommands, commandOf, photoRef, reportCommand } from './harness/commands.ts'
import type { Command, Receipt } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import { actAs } from './harness/types.ts'

const user = people.field

/** A report to send, or a command about an incident of the same call. */
type Wish =
  | { kind: 'report'; incident: number; changes: Record<string, unknown> }
  | { kind: 'note' | 'photo' | 'confirm'; incident: number }
  | { kind: 'correct'; incident: number; baseVersion: number; severity: number }
  | { kind: 'transition'; incident: number; baseVersion: number; step: string }
  | { kind: 'again'; of: number }
  | { kind: 'reused'; of: number }
  | { kind: 'foreign' | 'unreadable' | 'unknown' }

const incidentNumber = fc.nat(3)
const changes = fc.constantFrom<Record<string, unknown>>(
  {},
  {},
  {},
  { lon: 12.5, description: '路边' },
  { photos: [photoRef(), photoRef()] },
  { lon: 9 },
  { description: '\u0000' },
  { severity: 9 },
  { categoryCode: 'other' },
  { categoryCode: 'other_matter' },
  { photos: [photoRef({ bytes: 0 })] },
  { extra: 1 },
)
const wish: fc.Arbitrary<Wish> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('report' as const),
      incident: incidentNumber,
      changes,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('note' as const, 'photo' as const, 'confirm' as const),
      incident: incidentNumber,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('correct' as const),
      incident: incidentNumber,
      baseVersion: fc.integer({ min: 1, max: 3 }),
      severity: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('transition' as const),
      incident: incidentNumber,
      baseVersion: fc.constantFrom(1, 1, 1, 2, 2, 3),
      step: fc.constantFrom(
        'file',
        'file',
        'dispatch',
        'reject',
        'assign',
        'escalate',
        'merge',
        'merge',
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('again' as const, 'reused' as const),
      of: fc.nat(20),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('foreign' as const, 'unreadable' as const, 'unknown' as const),
    }),
  },
)

/** So that there is something to take steps of. */
const reported = [0, 1, 2].map((incident): Wish => ({ kind: 'report', incident, changes: {} }))

/** Turns wishes into what a device would send. */
function commandsFor(wishes: readonly Wish[]): unknown[] {
  const incidents = Array.from({ length: 6 }, () => randomUUID())
  const sent: Command[] = []
  return wishes.map((wanted) => {
    const command = commandFor(wanted, incidents, sent)
    sent.push(command)
    return wanted.kind === 'unreadable' ? { ...command, at: 'yesterday' } : command
  })
}

function commandFor(wanted: Wish, incidents: string[], sent: Command[]): Command {
  const of = 'of' in wanted ? sent[wanted.of % Math.max(sent.length, 1)] : undefined
  const incidentId = 'incident' in wanted ? incidents[wanted.incident]! : undefined
  switch (wanted.kind) {
    case 'report':
      return reportCommand(user, { incidentId, ...wanted.changes })
    case 'note':
      return commandOf(user, 'add_note', { incidentId, note: 'n' })
    case 'photo':
      return commandOf(user, 'add_photo', { incidentId, photos: [photoRef()] })
    case 'confirm':
      return commandOf(user, 'confirm_duplicate', { incidentId, lon: 10.5, lat: 21 })
    case 'correct':
      return commandOf(user, 'correct_incident', {
        incidentId,
        baseVersion: wanted.baseVersion,
        changes: { severity: wanted.severity },
      })
    case 'transition':
      return commandOf(user, 'transition', {
        incidentId,
        baseVersion: wanted.baseVersion,
        name: wanted.step,
        ...stepFields[wanted.step],
        ...(wanted.step === 'merge' && { into: incidents[(wanted.incident + 1) % 3] }),
      })
    case 'again':
      return of ?? reportCommand(user)
    case 'reused':
      return of ? { ...reportCommand(user), id: of.id } : reportCommand(user)
    case 'foreign':
      return reportCommand(people.manager)
    default:
      return commandOf(user, 'drop_table', {})
  }
}

const stepFields: Record<string, Record<string, unknown>> = {
  file: { condition: 'illegal_dumping' },
  dispatch: { department: 'public_works' },
  reject: { note: 'not ours' },
  assign: { assignee: people.field },
}

class Undo extends Error {}

describeOnEachDatabase('a call of many commands', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    // takes the steps of its own reports
    await db.query(
      `insert into public.memberships (user_id, role, area_code)
       select user_id, 'grid_manager', area_code from public.memberships
       where user_id = $1 and role = 'field_staff'`,
      [user],
    )
  })
  afterAll(() => db?.close())

  /** Sends the calls one after the other, reads all they left but times, and undoes everything. */
  async function outcomeOf(calls: readonly unknown[][]) {
    let found: { receipts: Receipt[]; rows: unknown[] } | undefined
    await db
      .transaction(async (tx) => {
        await actAs(tx, user)
        const receipts: Receipt[] = []
        for (const call of calls) {
          const [row] = await tx.query<{ r: Receipt[] }>(
            'select public.apply_commands($1::text::json) as r',
            [JSON.stringify(call)],
          )
          receipts.push(...row!.r)
        }
        await tx.query(`select set_config('role', 'none', true)`)
        found = { receipts: receipts.map(withoutTimes), rows: await everything(tx) }
        throw new Undo()
      })
      .catch((error: unknown) => {
        if (!(error instanceof Undo)) throw error
      })
    return found!
  }
  const withoutTimes = (receipt: Receipt): Receipt =>
    receipt.error?.server
      ? {
          ...receipt,
          error: { ...receipt.error, server: { ...receipt.error.server, changedAt: '' } },
        }
      : receipt
  const everything = async (tx: Database) => {
    const rows: unknown[] = []
    // Clocks start with the minute, which may end between two calls: their times are compared as spans.
    const sinceStart = (name: string, start: string) =>
      `'${name}', t.${name} - date_trunc('minute', t.${start})`
    const sinceState = (
      name: string,
    ) => `'${name}', (select t.${name} - date_trunc('minute', i.state_since)
      from public.incidents i where i.id = t.incident_id)`
    for (const [table, times, spans, order] of [
      ['incidents', '{reported_at,state_since,changed_xid}', '', 'id, district_code'],
      [
        'incident_work',
        '{changed_xid}',
        `${sinceState('due_at')}, ${sinceState('warn_at')}`,
        'incident_id, district_code',
      ],
      [
        'incident_clocks',
        '{started_at,running_since,runs,stopped_at,used_seconds}',
        `${sinceStart('due_at', 'started_at')}, ${sinceStart('warn_at', 'started_at')},
         ${sinceStart('running_since', 'started_at')}`,
        'incident_id, seq',
      ],
      ['incident_log', '{at}', '', 'incident_id, seq'],
      ['incident_photos', '{at}', '', 'incident_id, hash'],
      ['commands', '{received_at,error}', '', 'id'],
    ] as const) {
      const found = await tx.query<{ r: unknown }>(
        `select (to_jsonb(t) - '${times}'::text[]) || jsonb_build_object(${spans}) as r
         from public.${table} t order by ${order}`,
      )
      rows.push(...found.map(({ r }) => r))
    }
    return rows
  }

  it('does exactly what the same commands do in calls of one', async () => {
    // PGlite takes four times the time for the same SQL
    const runs = kind === 'postgres' ? 60 : 20
    let applied = 0
    let others = 0
    let steps = 0
    await fc.assert(
      fc.asyncProperty(fc.array(wish, { minLength: 4, maxLength: 14 }), async (wishes) => {
        const commands = commandsFor([...reported, ...wishes])
        const together = await outcomeOf([commands])
        expect(together).toEqual(await outcomeOf(commands.map((command) => [command])))
        for (const { outcome } of together.receipts) {
          if (outcome === 'applied') applied++
          else others++
        }
        steps += together.rows.filter(
          (row) => (row as { kind?: string }).kind === 'transition',
        ).length
      }),
      { numRuns: runs },
    )
    // the mixes are mixed
    expect(Math.min(applied, others)).toBeGreaterThan(runs - 10)
    // so few runs may bring none
    if (kind === 'postgres') expect(steps).toBeGreaterThan(5)
  })

  it('keeps the order of a call in the server’s instants', async () => {
    const commands = Array.from({ length: 50 }, () => reportCommand(user))
    await applyCommands(db, user, commands)
    const stored = await db.query<{ id: string; at: string }>(
      `select l.command_id as id, i.reported_at::text as at from public.incidents i
       join public.incident_log l on l.incident_id = i.id
       where l.command_id = any ($1::uuid[]) order by i.reported_at`,
      [commands.map(({ id }) => id)],
    )
    expect(stored.map(({ id }) => id)).toEqual(commands.map(({ id }) => id))
    expect(new Set(stored.map(({ at }) => at)).size).toBe(commands.length)
  })

  it('stores the sound reports when one that was read well cannot be stored', async () => {
    await db.exec(`
      create function public.refuse_poison() returns trigger language plpgsql as $$
      begin
        if new.description = 'poison' then raise check_violation; end if;
        if new.description = 'busy' then raise serialization_failure; end if;
        if new.description = 'broken' then perform public.gone_since_the_deploy(); end if;
        return new;
      end $$;
      create trigger refuse_poison before insert on public.incidents
      for each row execute function public.refuse_poison();
    `)
    try {
      const reports = [{}, { description: 'poison', photos: [photoRef()] }, { lon: 9 }, {}]
      const commands = reports.map((report) => reportCommand(user, report))
      const receipts = await applyCommands(db, user, commands)
      expect(receipts.map(({ id }) => id)).toEqual(commands.map(({ id }) => id))
      expect(receipts.map(({ outcome, error }) => error?.code ?? outcome)).toEqual([
        'applied',
        'refused',
        'outside_city',
        'applied',
      ])
      expect(receipts[1]).toMatchObject({ incident_id: null, version: null, missing_photos: [] })
      const again = await applyCommands(db, user, commands)
      expect(again.map(({ outcome }) => outcome)).toEqual([
        'replayed',
        'rejected',
        'rejected',
        'replayed',
      ])
      // a fault of the server is no verdict: that one gets no receipt, its 199 neighbours get theirs
      const faulty = Array.from({ length: 200 }, (_, n) =>
        reportCommand(user, n === 77 ? { description: 'broken' } : {}),
      )
      const some = await applyCommands(db, user, faulty)
      expect(some.map(({ id }) => id)).toEqual(
        faulty.filter((_, n) => n !== 77).map(({ id }) => id),
      )
      expect(new Set(some.map(({ outcome }) => outcome))).toEqual(new Set(['applied']))
      const broken = faulty.slice(77, 78)
      await expect(applyCommands(db, user, broken)).rejects.toMatchObject({ code: 'PT500' })
      await db.exec(
        `create function public.gone_since_the_deploy() returns void language sql as ''`,
      )
      expect(await applyCommands(db, user, broken)).toMatchObject([{ outcome: 'applied' }])
      await db.exec('drop function public.gone_since_the_deploy()')
      // what may go well the next time fails the call and records nothing
      const busy = [reportCommand(user), reportCommand(user, { description: 'busy' })]
      await expect(applyCommands(db, user, busy)).rejects.toMatchObject({ code: '40001' })
      expect(
        await db.query('select 1 from public.commands where id = any ($1::uuid[])', [
          busy.map(({ id }) => id),
        ]),
      ).toEqual([])
    } finally {
      await db.exec(
        'drop trigger refuse_poison on public.incidents; drop function public.refuse_poison()',
      )
    }
  })

  it('stores the sound steps when one that was judged well cannot be stored', async () => {
    const reports = Array.from({ length: 4 }, () => reportCommand(user))
    const made = await applyCommands(db, user, reports)
    const steps = made.map(({ incident_id: incidentId }) =>
      commandOf(user, 'transition', {
        ...{ incidentId, baseVersion: 1, name: 'file' },
        ...stepFields['file'],
      }),
    )
    await db.exec(`
      create function public.refuse_poison() returns trigger language plpgsql as $$
      begin
        if new.id = '${made[1]!.incident_id}' then raise check_violation; end if;
        if new.id = '${made[2]!.incident_id}' then perform public.gone_since_the_deploy(); end if;
        return new;
      end $$;
      create trigger refuse_poison before update on public.incidents
      for each row execute function public.refuse_poison();
    `)
    try {
      const receipts = await applyCommands(db, user, steps)
      expect(receipts).toMatchObject([
        { id: steps[0]!.id, outcome: 'applied', version: 2 },
        { id: steps[1]!.id, outcome: 'rejected', version: null, error: { code: 'refused' } },
        { id: steps[3]!.id, outcome: 'applied', version: 2 },
      ])
      const logged = await db.query(
        `select from public.incident_log where kind = 'transition' and command_id = any ($1::uuid[])`,
        [steps.map(({ id }) => id)],
      )
      expect(logged).toHaveLength(2)
    } finally {
      await db.exec(
        'drop trigger refuse_poison on public.incidents; drop function public.refuse_poison()',
      )
    }
    // the fault of the server is gone: that step is taken, the refused one stays refused
    expect((await applyCommands(db, user, steps)).map(({ outcome }) => outcome)).toEqual([
      'replayed',
      'rejected',
      'applied',
      'replayed',
    ])
  })

  it.each([
    ['a function gone', 'select 1 from public.no_such_table'],
    ['a right missing', `raise insufficient_privilege`],
    ['an exception nobody meant for people', `raise exception 'assert'`],
  ])('takes no fault of the server for a verdict: %s', async (_, fault) => {
    const [reported] = await applyCommands(db, user, [reportCommand(user)])
    const note = commandOf(user, 'add_note', { incidentId: reported!.incident_id, note: 'n' })
    const neighbour = reportCommand(user)
    await db.exec(`
      create function public.fail() returns trigger language plpgsql as $$
      begin ${fault.startsWith('select') ? fault.replace('select', 'perform') : fault}; return new; end $$;
      create trigger fail before insert on public.incident_log
      for each row when (new.kind = 'note') execute function public.fail();
    `)
    expect(await applyCommands(db, user, [note, neighbour])).toMatchObject([
      { id: neighbour.id, outcome: 'applied' },
    ])
    await expect(applyCommands(db, user, [note])).rejects.toMatchObject({ code: 'PT500' })
    await db.exec('drop trigger fail on public.incident_log; drop function public.fail()')
    expect(await applyCommands(db, user, [note])).toMatchObject([{ outcome: 'applied' }])
  })
})
