import { describe, expect, it } from 'vitest'
import { wrapped } from './wrapped.ts'

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
