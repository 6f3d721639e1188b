import { expect, it } from 'vitest'
import { emptyFilter } from '../../domain/filter/filter.ts'
import { AreaShapes } from '../count/area-shapes.ts'
import { ColumnSet } from '../count/column-set.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { commentTerms } from './comment-terms.ts'

const world = {
  ...{ areas: [], categories: [], cityBbox: [0, 0, 1, 1] as const },
  ...{ nowMinute: 0, asOfWallMinutes: 0, shapes: new AreaShapes() },
}
const ask = (texts: readonly (readonly [text: string, isSorry: boolean])[], least = 3) =>
  commentTerms(new FilteredRows(new ColumnSet(), emptyFilter(), world), world, {
    texts: texts.map(([text]) => text),
    isSorry: texts.map(([, isSorry]) => isSorry),
    least,
  })
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

it('tells the words of unhappy comments from those of happy ones, in both languages', () => {
  const texts = [
    ...times(6, ['The rubbish is still there. 垃圾还在。', true] as const),
    ...times(6, ['Quick and friendly crew. 师傅很快就来了。', false] as const),
    ['Wang at 13800000000 never called', true] as const,
  ]
  const { sorry, glad } = ask(texts)
  const words = (of: typeof sorry) => of.map(({ term }) => term)
  expect(words(sorry)).toEqual(expect.arrayContaining(['rubbish', '垃圾']))
  expect(words(glad)).toEqual(expect.arrayContaining(['friendly', '师傅']))
  // small words say nothing; what one person alone said is not told
  for (const word of ['the', 'is', '还', '很', 'wang', '13800000000'])
    expect([...words(sorry), ...words(glad)]).not.toContain(word)
  const rubbish = sorry.find(({ term }) => term === 'rubbish')!
  expect(rubbish).toMatchObject({ count: 6, texts: [0, 1, 2, 3, 4, 5] })
})

it('says nothing of nothing, and nothing where all are alike', () => {
  expect(ask([])).toEqual({ sorry: [], glad: [] })
  const same = times(5, 'Done in time')
  const { sorry, glad } = ask([
    ...same.map((text) => [text, true] as const),
    ...same.map((text) => [text, false] as const),
  ])
  expect([sorry, glad]).toEqual([[], []])
})
