import { breaksOf } from './mutant.ts'

const standard = ['supabase/tests/standard.test.ts']
const at = (name: string): string => `supabase/server/import/${name}.ts`

const reading = [
  ...breaksOf(
    at('limit'),
    ['supabase/server/import/limit.test.ts'],
    [
      {
        name: 'hours of no kind are urgent hours of a standard',
        find: "['urgent_hour', /^(urgent hours?|",
        replace: "['urgent_hour', /^(hours?|小时|urgent hours?|",
      },
      {
        name: 'the end of the day of a standard is lost',
        find: "const dayRule = end === undefined ? 'hours' : 'end_of_day'",
        replace: "const dayRule: Limit['dayRule'] = end === undefined ? 'hours' : 'hours'",
      },
    ],
  ),
  ...breaksOf(at('csv-file'), standard, [
    {
      name: 'a disarmed formula of a standard stays disarmed',
      find: '? cell.slice(1) : cell',
      replace: '? cell : cell',
    },
    {
      name: 'an empty file retires the whole standard',
      find: 'if (read === 0) throw',
      replace: 'if (read < 0) throw',
    },
  ]),
  ...breaksOf(at('condition-row'), standard, [
    {
      name: 'a standard takes a running milestone away',
      find: 'if (lost.length > 0) {',
      replace: 'if (lost.length > 100) {',
    },
    {
      name: 'a standard moves a used condition to another category',
      find: 'stored.category !== category && stored.openIncidents.length > 0',
      replace: 'stored.category !== category && stored.openIncidents.length > 100',
    },
  ]),
  ...breaksOf(at('import-standard'), standard, [
    {
      name: 'a check of a standard stores it',
      find: 'if (!options.checkOnly) await storeConditions',
      replace: 'await storeConditions',
    },
    {
      name: 'a standard with faults is stored',
      find: 'if (faults.length === 0) {',
      replace: 'if (faults.length < 100) {',
    },
  ]),
]

const telling = breaksOf(
  'migrations',
  ['supabase/tests/clocks.test.ts'],
  [
    {
      name: 'an incident on hold has an unknown due time',
      find: 'if p_incident.on_hold or not',
      replace: 'if not',
      equivalent: 'no clock of an incident on hold runs',
    },
    {
      name: 'nobody hears that a due time is unknown',
      find: "'dueUnknown', private.due_unknown(v_incident)",
      replace: "'dueUnknown', null",
    },
    {
      name: 'a handler hears of calendars',
      find: "m.role in ('admin', 'leader', 'grid_manager')",
      replace: 'true',
      tests: ['supabase/tests/matrix.test.ts -t calendar_notices'],
    },
  ],
)

export const standardMutants = [...reading, ...telling]
