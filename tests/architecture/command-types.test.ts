import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandTypeNames } from '../../src/domain/command/types/index.ts'

const root = join(import.meta.dirname, '../..')
const any = `['"\`](${commandTypeNames.join('|')})['"\`]`
/** A decision by type; making a command of a type (`type: 'add_note'`) is none. */
const decides = new RegExp(`[!=]==?\\s*${any}|${any}\\s*[!=]==?|\\bcase\\s+${any}`)
/** A list or table of types. */
const lists = (code: string): boolean =>
  commandTypeNames.filter((type) => new RegExp(`['"\`]${type}['"\`]|\\b${type}:`).test(code))
    .length > 2

describe('types of commands', () => {
  it('are one file each, all of them in the list', () => {
    const files = readdirSync(join(root, 'src/domain/command/types'))
      .filter((file) => !['index.ts', 'types.test.ts'].includes(file))
      .map((file) => file.replace('.ts', '').replaceAll('-', '_'))
    expect(files.sort()).toEqual([...commandTypeNames].sort())
  })

  it('are told apart nowhere else in the client', () => {
    const files = ['src', 'tests/fixtures/outbox'].flatMap((room) =>
      readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
        .filter((file) => /(?<!\.test)\.(ts|vue)$/.test(file))
        .map((file) => join(room, file)),
    )
    const found = files.filter((file) => {
      // a unit of measures has the name of a type
      const code = readFileSync(join(root, file), 'utf8').replaceAll(`unit === 'rate'`, '')
      return decides.test(code) || lists(code)
    })
    expect(found).toEqual(['src/domain/command/types/index.ts'])
  })

  it('would be seen', () => {
    expect(decides.test(`item.type === 'report_incident'`)).toBe(true)
    expect(decides.test(`case 'add_note':`)).toBe(true)
    expect(decides.test(`{ type: 'add_note', payload }`)).toBe(false)
    expect(lists(`['add_note', 'add_photo', 'confirm_duplicate']`)).toBe(true)
  })
})
