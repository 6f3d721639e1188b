import { expect, it } from 'vitest'
import { labelAfterMove } from './use-following-label.ts'

const old = ['Mission 020100', 'Valencia Street near 18th Street']

it('names the new place where the address only named the old one', () => {
  const next = ['Harrison Street', 'East District 030200']
  for (const label of old) expect(labelAfterMove(label, old, next)).toBe('Harrison Street')
  expect(labelAfterMove(old[0]!, old, [null, next[1]])).toBe(next[1])
  expect(labelAfterMove(old[0]!, [old[0]!, null], [null, next[1]])).toBe(next[1])
})

it('keeps what a person wrote, no address, and the old name while nothing is known of the new place', () => {
  const next = ['Harrison Street', 'East District 030200']
  expect(labelAfterMove('behind the school', old, next)).toBe('behind the school')
  expect(labelAfterMove('', ['', null], next)).toBe('')
  expect(labelAfterMove(old[0]!, old, [null, undefined])).toBe(old[0])
})
