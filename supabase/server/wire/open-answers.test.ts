import { expect, test } from 'vitest'
import { OpenAnswers } from './open-answers.ts'

test('a person has so many answers open, whatever others have', () => {
  const open = new OpenAnswers(3)
  const held = [open.take('one'), open.take('one'), open.take('one')]
  expect(held.every((release) => release !== null)).toBe(true)
  expect(open.take('one')).toBeNull()
  expect(open.take('other')).not.toBeNull()
  held[0]!()
  held[0]!()
  expect(open.take('one')).not.toBeNull()
  expect(open.take('one')).toBeNull()
})
