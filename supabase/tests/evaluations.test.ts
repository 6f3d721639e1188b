import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkFormula } from '../../src/domain/evaluation/check.ts'
import { formulaExamples } from '../../src/domain/evaluation/examples.ts'
import { boards, scoreNames, type Board } from '../../src/domain/evaluation/names.ts'
import { longestFormula } from '../../src/domain/evaluation/tokens.ts'
import { photoRef } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'
import { workflowWorld } from './workflow-world.ts'

type Pair = [number, number]
interface Row {
  key: string
  name?: string
  role?: string
  values: Record<string, Pair | number>
}
interface BoardAnswer {
  canEdit: boolean
  rows: Row[]
  versions: { version: number; formula: string; fromDay: string; savedByName: string }[]
}

describeOnEachDatabase('evaluations', (kind) => {
  let db: TestDatabase
  let world: ReturnType<typeof workflowWorld>
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    await db.exec(`update public.filing_conditions
        set needs_after_photos = false, is_active = code = category_code;
      -- round the clock: calendars are another test's
      delete from public.condition_limits;
      delete from public.condition_milestones;
      update public.workflow_limits set unit = 'urgent_hour'`)
    world = workflowWorld(db)
  })
  afterAll(() => db?.close())

  const board = (person: Person, of: string, level = 'district', filter: object = {}) =>
    db.asUser(people[person], async (tx) => {
      const [row] = await tx.query<{ r: BoardAnswer }>(
        'select public.evaluation_board($1, $2::text::jsonb, $3) as r',
        [of, JSON.stringify(filter), level],
      )
      return row!.r
    })

  describe('the check of a formula', () => {
    const names = new Map(scoreNames.areas.map((name) => [name, name]))
    const faultsOf = (texts: string[]) =>
      db.query<{ fault: { line: number; column: number; code: string } | null }>(
        `select private.formula_fault('areas', t) as fault
         from jsonb_array_elements_text($1::text::jsonb) with ordinality as x (t, n) order by n`,
        [JSON.stringify(texts)],
      )
    const pageFault = (text: string) => {
      const read = checkFormula(text, names)
      return 'fault' in read ? read.fault : null
    }

    it('knows the names of each board', async () => {
      for (const one of boards) {
        const [row] = await db.query<{ names: string[] }>(
          'select array(select unnest(private.score_names($1)) order by 1) as names',
          [one],
        )
        expect(row!.names, one).toEqual([...scoreNames[one]].toSorted())
      }
    })

    it('says line and column of each fault, as the page does', async () => {
      const texts = [
        ...['', ' \n ', '1 +', '1 2', '1 +\n  * 2', '(1 + 2', '1 + 2)', '1 + unknown'],
        ...['while(rework, 1)', '1.2.3', '3x', 'valid; rework', 'rework = valid', 'valid < 1'],
        ...['1 / 0', 'valid ÷\n0.0', 'min(valid, ', 'score + 1', 'valid % 2', '%'],
        'a'.repeat(longestFormula + 1),
      ]
      const found = await faultsOf(texts)
      expect(found.map(({ fault }) => fault && [fault.line, fault.column])).toEqual(
        texts.map((text) => {
          const fault = pageFault(text)
          return fault && [fault.line, fault.column]
        }),
      )
      const codes = found.map(({ fault }) => fault?.code)
      expect(codes.slice(0, 6)).toEqual([
        ...['empty', 'empty', 'value-expected', 'sign-expected', 'value-expected', 'not-closed'],
      ])
      expect(codes.slice(14, 16)).toEqual(['division-by-zero', 'division-by-zero'])
    })

    it('takes what the page takes, and nothing else', async () => {
      const piece = fc.constantFrom(
        ...[
          'valid',
          'rework',
          '1',
          '2.5',
          '30%',
          '%',
          '0',
          '(',
          ')',
          '+',
          '-',
          '−',
          '*',
          '×',
          '/',
          '÷',
        ],
        ...[
          'min(',
          'max(',
          'if(',
          'where(',
          ',',
          '，',
          '<',
          '≤',
          '>=',
          '<>',
          'and',
          'OR',
          ' ',
          '\n',
        ],
      )
      const formula: fc.Arbitrary<string> = fc.letrec<{ sum: string; test: string }>((tie) => ({
        sum: fc.oneof(
          { maxDepth: 4, depthIdentifier: 'sum' },
          fc.constantFrom('valid', '2', '7.5%', '-rework'),
          fc
            .tuple(tie('sum'), fc.constantFrom('+', ' - ', '×', ' ÷ '), tie('sum'))
            .map((x) => x.join('')),
          tie('sum').map((of) => `(${of})`),
          fc.tuple(tie('sum'), tie('sum')).map((of) => `min(${of.join(', ')})`),
          fc.tuple(tie('test'), tie('sum'), tie('sum')).map((of) => `if(${of.join(',')})`),
          fc.tuple(tie('test'), tie('sum')).map((of) => `where(${of.join(' , ')})`),
        ),
        test: fc.oneof(
          { maxDepth: 2, depthIdentifier: 'test' },
          fc.tuple(tie('sum'), fc.constantFrom('<', '>=', '≠'), tie('sum')).map((x) => x.join(' ')),
          fc
            .tuple(tie('test'), fc.constantFrom(' and ', ' or '), tie('test'))
            .map((x) => x.join('')),
        ),
      })).sum
      const broken = fc
        .tuple(formula, fc.nat(200), fc.nat(2), piece)
        .map(([text, at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut))
      const pieces = fc.array(piece, { maxLength: 14 }).map((all) => all.join(' '))
      const deep = fc
        .tuple(fc.nat(60), fc.constantFrom('(', '-', '-(', 'min(1,', '2*('))
        .map(([times, open]) => {
          const close = ')'.repeat(open.includes('(') ? times : 0)
          return `${open.repeat(times)}valid${close}`
        })
      const texts = fc.sample(fc.oneof(formula, broken, pieces, deep), 800)
      const found = await faultsOf(texts)
      let good = 0
      for (const [at, text] of texts.entries()) {
        // folded on the page alone, as in 1 ÷ (2 − 2)
        const page = pageFault(text)
        if (page?.code === 'division-by-zero') continue
        good += page === null ? 1 : 0
        expect(found[at]!.fault === null, `${text} ${JSON.stringify(page)}`).toBe(page === null)
      }
      expect(good).toBeGreaterThan(100)
      expect(texts.length - good).toBeGreaterThan(100)
    })
  })

  describe('a formula', () => {
    beforeEach(() => db.exec('delete from public.evaluation_formulas'))
    const formula = formulaExamples[0]!.formula
    const save = (person: Person, changes: Record<string, unknown> = {}) =>
      world.send(person, 'save_evaluation', {
        ...{ board: 'areas', baseVersion: 0, formula, fromDay: '2026-01-01', reason: 'first' },
        ...changes,
      })
    const stored = async () =>
      (
        await db.query<{ n: number }>('select count(*)::int as n from public.evaluation_formulas')
      )[0]!.n

    it('is saved by leaders and admins of the city; a newer version follows, none is changed', async () => {
      for (const person of ['manager', 'field', 'handler', 'stranger'] as const)
        expect((await save(person)).error, person).toMatchObject({ code: 'not_allowed' })
      expect(await stored()).toBe(0)
      expect(await save('leader')).toMatchObject({ outcome: 'applied', version: 1 })
      expect(await save('admin', { baseVersion: 1, formula: '100 × handling' })).toMatchObject({
        ...{ outcome: 'applied', version: 2 },
      })
      expect(await save('leader', { baseVersion: 1 })).toMatchObject({
        ...{ outcome: 'conflict', error: { server: { version: 2, savedByName: 'admin' } } },
      })
      const { versions, canEdit } = await board('leader', 'areas')
      expect(canEdit).toBe(true)
      expect(versions).toMatchObject([
        { version: 2, formula: '100 × handling', savedByName: 'admin' },
        { version: 1, formula, fromDay: '2026-01-01', savedByName: 'leader' },
      ])
    })

    it('with a fault stores nothing and says its line', async () => {
      for (const [changes, code, detail] of [
        [{ formula: '30 × handling\n+ 1 ÷ 0' }, 'invalid_formula', '2:5 division-by-zero 0'],
        [{ formula: '1 +\n\nreported' }, 'invalid_formula', '3:1 unknown-name reported'],
        [{ board: 'posts' }, 'invalid_formula', '1:6 unknown-name handling'],
        [{ reason: ' ' }, 'missing_field', undefined],
        [{ fromDay: '2026-02-30' }, 'invalid_field', 'not a day'],
        [{ board: 'cities' }, 'invalid_field', undefined],
      ] as const) {
        const { outcome, error } = await save('leader', changes)
        expect([outcome, error?.code], JSON.stringify(changes)).toEqual(['rejected', code])
        if (detail) expect(error?.detail).toBe(detail)
      }
      expect(await stored()).toBe(0)
    })

    it('is read by who judges or is judged, and by nobody else', async () => {
      for (const of of boards)
        expect(
          await save('leader', { board: of, formula: '100 × checking_in_time' }),
        ).toMatchObject({ outcome: 'applied' })
      const rights: Record<Exclude<Person, 'stranger'>, Board[]> = {
        ...{ admin: [...boards], leader: [...boards] },
        ...{ manager: [...boards], otherManager: [...boards] },
        ...{ field: ['areas', 'field_staff'], handler: ['departments'] },
      }
      for (const [person, may] of Object.entries(rights) as [Person, Board[]][]) {
        const rows = await db.asUser(people[person], (tx) =>
          tx.query<{ board: string }>('select board from public.evaluation_formulas'),
        )
        expect(rows.map((row) => row.board).toSorted(), person).toEqual(may.toSorted())
        for (const of of boards) {
          const asked = board(person, of)
          if (may.includes(of)) expect((await asked).versions, `${person} ${of}`).toHaveLength(1)
          else await expect(asked, `${person} ${of}`).rejects.toMatchObject({ code: '42501' })
        }
      }
      await expect(board('leader', 'reporters')).rejects.toMatchObject({ code: '22023' })
    })
  })

  describe('the figures of a board', () => {
    let ids: string[]
    beforeAll(async () => {
      const elsewhere = { lon: 12.5 }
      ids = [
        ...[await world.at('closed'), await world.at('handled'), await world.at('dispatched')],
        ...[await world.at('filed'), await world.report()],
      ]
      // in N-10, where another manager works
      const far = await world.report(elsewhere)
      await world.step('otherManager', far, 'file')
      await world.step('otherManager', far, 'dispatch', { department: 'parks' })
      // the department gives it back, the manager dispatches again
      await world.step('handler', ids[2]!, 'return', { note: '不归我们' })
      await world.step('manager', ids[2]!, 'dispatch', { department: 'public_works' })
      await world.step('manager', ids[4]!, 'reject', { note: '不属实' })
      await world.step('leader', ids[1]!, 'escalate', {
        ...{
          kind: 'important',
          level: 1,
          replyBy: new Date(Date.now() + 86_400_000).toISOString(),
        },
        note: '请尽快',
      })
      await world.step('manager', ids[1]!, 'check_fail', { note: '没有处理好' })
      await world.step('handler', ids[1]!, 'handle', { note: '已处理', photos: [photoRef()] })
      // past its time
      await db.query(
        `update public.incident_clocks set due_at = now() - interval '1 hour'
         where incident_id = $1 and running_since is not null`,
        [ids[2]!],
      )
      await db.exec(`insert into public.ratings (district_code, incident_id, closing, way, responded, solved,
          satisfied, asked_by, at, closed_at, closed_month, department_code, area_code, category_code, unsolved,
          changed_xid)
        select district_code, id, 1, 'callback', true, false, 4, '${people.manager}', now(), closed_at,
          private.local_month(closed_at), department_code, area_code, category_code, 'none', 1
        from public.incidents where stage = 'closed'`)
    })
    const ratesUnder = (person: Person, filter: object) =>
      db.asUser(people[person], async (tx) => {
        const [row] = await tx.query<{
          r: { rates: { rate: string; numerator: number; denominator: number }[] }
        }>('select public.incident_rates($1::text::jsonb) as r', [JSON.stringify(filter)])
        return Object.fromEntries(
          row!.r.rates.map(({ rate, numerator, denominator }) => [rate, [numerator, denominator]]),
        )
      })

    it('by area are the rates of the area alone, at every level', async () => {
      for (const level of ['city', 'district', 'grid']) {
        const { rows } = await board('leader', 'areas', level)
        expect(rows.length).toBe({ city: 1, district: 2, grid: 3 }[level])
        for (const { key, values } of rows)
          expect(values, key).toMatchObject(await ratesUnder('leader', { areas: [key] }))
      }
      const [near] = (await board('leader', 'areas')).rows
      expect(near!.values).toMatchObject({
        ...{ closing: [1, 2], handling: [2, 3], rework: [0, 2], valid: [4, 5] },
        ...{ responded: [1, 1], solved: [0, 1], satisfied: [1, 1], answered: [1, 1] },
        repeat_places: 0,
      })
    })

    it('count the calls that are over, and of them those that got an answer', async () => {
      await db.query(
        `with draw as (
           insert into public.callback_draws (id, area_code, from_day, to_day, wanted, seed, pool_count, drawn_count,
             list_hash, drawn_by, drawn_at)
           values (gen_random_uuid(), 'N', now(), now(), 3, '', 3, 3, '', $1, now()) returning id)
         insert into public.callbacks (district_code, incident_id, closing, draw_id, n, closed_at, closed_month,
           area_code, category_code, outcome, changed_xid)
         select i.district_code, i.id, 1, draw.id, c.n, now(), private.local_month(now()), i.area_code,
           i.category_code, c.outcome, 0
         from (values ($2::uuid, 1, 'refused'), ($3::uuid, 2, 'not_reached'), ($4::uuid, 3, null)) c (id, n, outcome)
         join public.incidents i on i.id = c.id, draw`,
        [people.manager, ids[1]!, ids[2]!, ids[3]!],
      )
      const [near] = (await board('leader', 'areas')).rows
      // the third is still to be made
      expect(near!.values).toMatchObject({ answered: [1, 3] })
      await db.exec('delete from public.callbacks; delete from public.callback_draws')
    })

    it('by department are those of its own incidents', async () => {
      const { rows } = await board('leader', 'departments')
      expect(rows.map(({ key }) => key)).toEqual(['parks', 'public_works'])
      expect(rows[1]!.values).toMatchObject({ handling: [2, 3], solved: [0, 1] })
      expect((await board('handler', 'departments')).rows.map(({ key }) => key)).toEqual([
        'public_works',
      ])
    })

    it('leave held incidents out, as the rates do', async () => {
      const hold = (isHeld: boolean) =>
        db.query('update public.incidents set on_hold = $2 where id = $1', [ids[2]!, isHeld])
      await hold(true)
      for (const of of ['areas', 'departments'] as const) {
        const { rows } = await board('leader', of)
        const own = rows.find(({ key }) => ['N-1', 'public_works'].includes(key))!
        expect(own.values, of).toMatchObject({ handling: [2, 2] })
      }
      expect(await ratesUnder('leader', { areas: ['N-1'] })).toMatchObject({ handling: [2, 2] })
      await hold(false)
    })

    it('of people count their own last steps, not how many they reported', async () => {
      const byName = async (person: Person, of: Board) =>
        Object.fromEntries((await board(person, of)).rows.map((row) => [row.name, row.values]))
      expect(await byName('leader', 'posts')).toMatchObject({
        manager: {
          ...{ filing_in_time: [4, 4], dispatch_in_time: [3, 3], dispatch_accurate: [3, 4] },
          checking_in_time: [1, 1],
        },
        otherManager: { filing_in_time: [1, 1], dispatch_accurate: [1, 1] },
      })
      expect(Object.keys(await byName('manager', 'posts'))).toEqual(['manager'])
      expect(await byName('field', 'field_staff')).toEqual({
        field: { valid: [5, 6], verifying_in_time: [0, 0], checking_in_time: [0, 0] },
      })
    })

    it('keep to the sight of who asks and to the filter', async () => {
      const near = await board('manager', 'areas', 'district')
      expect(near.rows.map(({ key }) => key)).toEqual(['N-1'])
      expect((await board('field', 'areas', 'grid')).rows.map(({ key }) => key)).toEqual(['N-1_A'])
      const later = await board('leader', 'areas', 'district', {
        from: '2001-01-01',
        to: '2001-12-31',
      })
      expect(later.rows[0]!.values).toMatchObject({ closing: [0, 0], satisfied: [0, 0] })
      const narrow = await board('leader', 'areas', 'district', { areas: ['N-10'] })
      expect(narrow.rows.map(({ key }) => key)).toEqual(['N-10'])
    })
  })
})
