import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { mutants } from '../mutants/list.ts'
import { breakIn } from '../mutants/mutant.ts'

describe('the list of mutants', () => {
  it('names each once', () => {
    const names = mutants.map(({ name }) => name)
    expect(names.filter((name, n) => names.indexOf(name) !== n)).toEqual([])
    expect(names.length).toBeGreaterThan(300)
  })

  it.each(mutants)('$name: breaks code that is there, before tests that are there', (mutant) => {
    const { whole, broken } = breakIn('.', mutant)
    expect(broken).not.toBe(whole)
    for (const test of mutant.tests) {
      const [file = '', name = ''] = test.split(' -t ')
      expect(existsSync(file), file).toBe(true)
      // the words of a pattern that are no part of a table
      const words = name.split(/\.\*|\|/).at(-1)!
      if (!readFileSync(file, 'utf8').includes(words)) expect(file).toContain('matrix')
    }
  })
})
