import { expect, it } from 'vitest'
import { fileName } from './file-name.ts'

it('names a file without letters that file systems refuse, at a bearable length', () => {
  expect(fileName(['a/b', '', 'c:"d"', '违停'])).toBe('a-b c-d- 违停')
  expect(fileName(['x'.repeat(500)])).toHaveLength(120)
})
