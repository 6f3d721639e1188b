import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { mutants } from '../mutants/list.ts'
import { breakIn } from '../mutants/mutant.ts'

describe('the list of mutants', () => {
  it('names each once', () => {
    const names = mutants.map(({ name }) => name)
    expect(names.filter((name, n) => names.indexOf(name) !== n)).toEqual([])
  })

  it.each(mutants)('$name: breaks code that is there, before tests that are there', (mutant) => {
    const { whole, broken } = breakIn('.', mutant)
    expect(broken).not.toBe(whole)
    for (const test of mutant.tests) expect(existsSync(test.split(' -t ')[0]!), test).toBe(true)
  })
})
