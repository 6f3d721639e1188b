import { expect } from 'vitest'
import { applyCommands, commandOf, photoRef, reportCommand } from './harness/commands.ts'
import type { Receipt } from './harness/commands.ts'
import type { TestDatabase } from './harness/index.ts'
import { people } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'

export interface IncidentRow {
  [column: string]: unknown
  id: string
  stage: string
  state: string
  version: number
}

export interface LogEntry {
  seq: number
  kind: string
  actor: string | null
  stage_from: string | null
  stage_to: string | null
  note: string
  data: Record<string, unknown>
}

/** In a week, as a device writes it. */
export const nextWeek = (): string => new Date(Date.now() + 7 * 86_400_000).toISOString()

/** Lets the people of the small city act on incidents, by commands alone. */
export function workflowWorld(db: TestDatabase) {
  const send = async (person: Person, type: string, payload: unknown): Promise<Receipt> =>
    (await applyCommands(db, people[person], [commandOf(people[person], type, payload)]))[0]!

  const row = async (id: string): Promise<IncidentRow> =>
    (await db.query<IncidentRow>('select * from public.incidents where id = $1', [id]))[0]!

  /** A report at 10.5°, 21° (N-1_A): by default noise, which has one filing condition. */
  async function report(
    changes: Record<string, unknown> = {},
    person: Person = 'field',
  ): Promise<string> {
    const command = reportCommand(people[person], {
      categoryCode: 'noise',
      description: '深夜施工',
      ...changes,
    })
    const [receipt] = await applyCommands(db, people[person], [command])
    expect(receipt, JSON.stringify(receipt)).toMatchObject({ outcome: 'applied' })
    return receipt!.incident_id!
  }

  /** A transition on the present version, unless the fields name another. */
  const take = async (
    person: Person,
    id: string,
    name: string,
    fields: Record<string, unknown> = {},
  ): Promise<Receipt> =>
    send(person, 'transition', {
      incidentId: id,
      baseVersion: (await row(id)).version,
      name,
      ...fields,
    })

  /** Like take, and it must be applied. */
  async function step(
    person: Person,
    id: string,
    name: string,
    fields: Record<string, unknown> = {},
  ): Promise<IncidentRow> {
    const receipt = await take(person, id, name, fields)
    expect(receipt, `${name}: ${JSON.stringify(receipt.error)}`).toMatchObject({
      outcome: 'applied',
    })
    const now = await row(id)
    expect(now.version).toBe(receipt.version)
    return now
  }

  return {
    send,
    row,
    report,
    take,
    step,
    log: (id: string) =>
      db.query<LogEntry>('select * from public.incident_log where incident_id = $1 order by seq', [
        id,
      ]),
    last: async (id: string) =>
      (
        await db.query<LogEntry>(
          'select * from public.incident_log where incident_id = $1 order by seq desc limit 1',
          [id],
        )
      )[0]!,
    /** Why a transition was refused. */
    refusal: async (
      person: Person,
      id: string,
      name: string,
      fields: Record<string, unknown> = {},
    ): Promise<NonNullable<Receipt['error']>> => {
      const before = await row(id)
      const receipt = await take(person, id, name, fields)
      expect(receipt, name).toMatchObject({ outcome: 'rejected', version: null })
      expect(await row(id)).toEqual(before)
      return receipt.error!
    },
    offered: async (person: Person, id: string): Promise<string[]> =>
      db.asUser(people[person], async (tx) => {
        const [found] = await tx.query<{ names: string[] }>(
          `select array(select t ->> 'name' from jsonb_array_elements(
             public.incident_detail($1::uuid) -> 'transitions') t order by 1) as names`,
          [id],
        )
        return found!.names
      }),
    /** Brings a new report of the field staff to a state. */
    async at(
      state: 'reported' | 'filed' | 'dispatched' | 'handled' | 'closed',
      changes: Record<string, unknown> = {},
    ): Promise<string> {
      const id = await report(changes)
      const steps: [string, Person, string, Record<string, unknown>][] = [
        ['filed', 'manager', 'file', {}],
        ['dispatched', 'manager', 'dispatch', { department: 'public_works' }],
        ['handled', 'handler', 'handle', { note: '已处理', photos: [photoRef()] }],
        ['closed', 'manager', 'check_pass', {}],
      ]
      for (const [, person, name, fields] of steps.slice(
        0,
        1 + steps.findIndex(([to]) => to === state),
      ))
        await step(person, id, name, fields)
      return id
    },
    /** Gives a role until the returned function is called. */
    async give(
      person: Person,
      role: string,
      area: string,
      department: string | null = null,
    ): Promise<() => Promise<void>> {
      const [made] = await db.query<{ id: string }>(
        `insert into public.memberships (user_id, role, area_code, department_code)
         values ($1, $2, $3, $4) returning id`,
        [people[person], role, area, department],
      )
      return async () => {
        await db.query('delete from public.memberships where id = $1', [made!.id])
      }
    },
  }
}
export type WorkflowWorld = ReturnType<typeof workflowWorld>

/** Database and world that the parts of a test share. */
export interface OpenedWorld {
  db: TestDatabase
  world: WorkflowWorld
}
