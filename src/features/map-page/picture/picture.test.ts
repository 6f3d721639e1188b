import { describe, expect, it } from 'vitest'
import { wrapped } from './draw-picture.ts'
import { fileName } from './use-picture.ts'

describe('wrapped', () => {
  const upTo = (letters: number) => (part: string) => part.length <= letters

  it('breaks at spaces, and Chinese between letters', () => {
    expect(wrapped('more than chance', upTo(9))).toEqual(['more than', 'chance'])
    expect(wrapped('按每平方公里判断', upTo(3))).toEqual(['按每平', '方公里', '判断'])
  })

  it('leaves a word that fits nowhere alone on its line, and loses nothing', () => {
    expect(wrapped('a Benjamini b', upTo(4))).toEqual(['a', 'Benjamini', 'b'])
    expect(wrapped('', upTo(4))).toEqual([''])
  })
})

it('names a file without letters that file systems refuse, at a bearable length', () => {
  expect(fileName(['a/b', '', 'c:"d"', '违停'])).toBe('a-b c-d- 违停')
  expect(fileName(['x'.repeat(500)])).toHaveLength(120)
})
