import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pages } from '../../src/domain/pages.ts'

const root = join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  encoding: 'utf8',
  cwd: root,
})
  .trim()
  .split('\n')
const documents = files.filter((file) => file.endsWith('.md'))

/** GitHub's anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-')

/** Links of a document that lead to no file, heading or page of the app. */
function deadLinks(file: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      if (target.startsWith('/')) return !pages.some(({ path }) => path === target)
      const [path, anchor] = target.split('#')
      const linked = path ? join(dirname(file), path) : file
      if (!existsSync(join(root, linked))) return true
      if (!anchor) return false
      const content = path ? read(linked) : text
      const headings = content.matchAll(/^#+ (.+)$/gm)
      return ![...headings].some(([, heading]) => anchorOf(heading!) === anchor)
    })
}

/**
 * Files that are named and not there: by their path from the top, or, as code, by its end
 * (`count/project.ts`).
 */
function missingFiles(text: string): string[] {
  const fromTop = text.matchAll(
    /(?<![\w./-])(?:src|supabase|tests|public)\/[\w./-]*\.\w+(?![\w*<{])/g,
  )
  const byEnd = text.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\.(?:ts|vue|sql))`/g)
  return [
    ...[...fromTop].map(([path]) => path).filter((path) => !existsSync(join(root, path))),
    ...[...byEnd]
      .map(([, path]) => path!)
      .filter((path) => !files.some((file) => `/${file}`.endsWith(`/${path}`))),
  ]
}

/** Test names in quotes after the path of a test file that it does not hold. */
const missingTests = (text: string): string[] =>
  [...text.matchAll(/`([\w./-]+\.test\.ts)`((?:,? "[^"]+")+)/g)].flatMap(([, file, names]) =>
    [...names!.matchAll(/"([^"]+)"/g)]
      .map(([, name]) => name!)
      .filter((name) => !read(file!).includes(`it('${name}'`)),
  )

describe('documents', () => {
  it.each(documents)('%s: link to what is there', (file) => {
    expect(deadLinks(file, read(file))).toEqual([])
  })

  it('name files that are there', () => {
    expect(documents.flatMap((file) => missingFiles(read(file)))).toEqual([])
  })

  it('name tests that are there', () => {
    expect(missingTests(read('ARCHITECTURE.md'))).toEqual([])
    expect(read('ARCHITECTURE.md').match(/test\.ts` "/g)!.length).toBeGreaterThan(5)
  })

  it('keep the map of the tree short', () => {
    expect(read('ARCHITECTURE.md').trimEnd().split('\n').length).toBeLessThanOrEqual(80)
  })

  it('would be found wrong', () => {
    const text = '[a](gone.md) [b](README.md#gone) [c](README.md#start) [d](/gone) [e](/map)'
    expect(deadLinks('ARCHITECTURE.md', text)).toEqual(['gone.md', 'README.md#gone', '/gone'])
    expect(missingFiles('src/gone.ts `src/domain/pages.ts` `domain/gone.ts`')).toEqual([
      'src/gone.ts',
      'domain/gone.ts',
    ])
    expect(
      missingTests('`tests/architecture/documents.test.ts` "name tests that are there", "gone"'),
    ).toEqual(['gone'])
  })
})
