import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { queues } from './queue.ts'
import {
  optionalColumns,
  queryOfView,
  textOfView,
  viewOfQuery,
  viewOfText,
  workLooks,
  type WorkView,
} from './work-view.ts'

const code = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/)
const anyView: fc.Arbitrary<WorkView> = fc
  .record({
    queue: fc.constantFrom(...queues),
    look: fc.constantFrom(...workLooks),
    areas: fc.uniqueArray(code, { maxLength: 4 }),
    categories: fc.uniqueArray(code, { maxLength: 4 }),
    hidden: fc.subarray([...optionalColumns]),
  })
  .map((view) => ({ ...view, queue: view.look === 'board' ? null : view.queue }))

describe('a view of the page of work', () => {
  it('comes back from the address as it was', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        expect(viewOfQuery(queryOfView(view))).toEqual(view)
      }),
    )
  })

  it('is saved as a text that the server takes, equal for equal views', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const text = textOfView(view)
        expect(text).toMatch(/^[A-Za-z0-9_.~=&%-]*$/)
        expect(textOfView(viewOfText(text))).toBe(text)
        expect(textOfView({ ...view, areas: view.areas.toReversed() })).toBe(text)
        expect(textOfView({ ...view, areas: [...view.areas, 'another-one'] })).not.toBe(text)
      }),
    )
  })

  it('leaves out what cannot be read', () => {
    expect(viewOfText('queue=nothing&look=3d&area=%3Cb%3E~N-1&hide=what~who&x=1')).toEqual({
      queue: null,
      look: 'list',
      areas: ['N-1'],
      categories: [],
      hidden: ['who'],
    })
  })
})
