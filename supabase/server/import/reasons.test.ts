import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { detailWords, noteWords } from './note-words.ts'
import { reasons } from './reasons.ts'

const read = (path: string): string => readFileSync(path, 'utf8')

/** Reasons that the importers of areas and incidents can give, from their sources. */
function given(): string[] {
  const sources = ['area-row', 'geometry-check', 'incident-row', 'row-place', 'row-times']
    .map((name) => read(`supabase/server/import/${name}.ts`))
    .join('\n')
  const written = sources.matchAll(
    /reason: '([a-z_]+)'|#?(?:blame|doubt)\(\s*[^'"]*?'([a-z]+_[a-z_]+)'/g,
  )
  const schemas = globSync('supabase/schemas/10_import*.sql').map(read).join('\n')
  const sql = schemas.matchAll(
    /\(\s*(?:\d+, )?'(?!reason'|imported')[a-zA-Z]+', '([a-z]+_[a-z_]+)'|'geometry', '(leaves_parent|dissolved)'|'parent', '([a-z_]+)'|then '(changed_[a-z]+|outside_city|same_ground|covers)'/g,
  )
  return [...new Set([...written, ...sql].map((found) => found.slice(1).find(Boolean)!))]
}

it('have words in both languages, whatever importer gives them', () => {
  const found = given()
  // the search itself still finds them
  expect(found).toEqual(
    expect.arrayContaining([
      ...[
        'no_id',
        'bad_coordinates',
        'not_valid',
        'unknown_parent',
        'leaves_parent',
        'same_ground',
      ],
      ...['outside_city', 'changed_here', 'malformed_geometry', 'unknown_stage', 'future_date'],
    ]),
  )
  expect(found.filter((reason) => !reasons[reason])).toEqual([])
  for (const [reason, { zh }] of Object.entries(reasons))
    expect(zh, reason).toMatch(/\p{Script=Han}/u)
})

it.each([
  ['about 0.3 km², 24 % of the smaller, lie in G-1 too; --allow-overlap stores both', /G-1 重叠$/],
  ['about 12 % of it lies in 4301, 80 % in 4302', /^约 12% 在 4301 内，80% 在 4302 内$/],
  ['about 30 % of it lie outside 4301', /^约 30% 在 4301 之外$/],
  [
    'Self-intersection[1 2]: its parts touch or overlap; --dissolve joins them',
    /^各部分相接或重叠$/,
  ],
  ['first on line 7', /^首见于第 7 行$/],
])('details lose the command’s options and have Chinese: %s', (detail, zh) => {
  const words = detailWords(detail)
  expect(words.zh).toMatch(zh)
  expect(words.en).not.toContain('--')
})

it('says in Chinese how far a broken import came', () => {
  const broken =
    'The connection ended. (lines 2 to 2001 were under way and may be stored or not, nothing after them is). Run the import again: what is stored is left alone.'
  expect(noteWords(broken).zh).toMatch(/第 2 至 2001 行.*不会重复/)
  // as the importers write it
  const sources = globSync('supabase/server/import/*.ts').map(read).join('\n')
  expect(sources).toContain('were under way and may be stored or not, nothing after them is')
  expect(sources).toContain('what is not counted here is not stored')
})
