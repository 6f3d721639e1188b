import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { PGlite } from '@electric-sql/pglite'
import { postgis } from '@electric-sql/pglite-postgis'
import { describe, expect, test } from 'vitest'
import { entriesOf, installedPostgis } from './postgis-bundle.ts'

describe('installedPostgis', () => {
  test('opens a database made with the whole extension, and calculates the same', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wangge-postgis-'))
    const question = `select st_astext(st_transform(st_setsrid(st_point(112.9, 28.2), 4326), 3857), 3) a,
      st_area(st_buffer('point(1 2)'::geometry, 2)) b, st_isvalidreason('polygon((0 0,1 1,1 0,0 1,0 0))') c`
    try {
      const whole = await PGlite.create({ dataDir: folder, extensions: { postgis } })
      await whole.exec('create extension postgis')
      const expected = (await whole.query(question)).rows
      await whole.close()
      const lean = await PGlite.create({
        dataDir: folder,
        extensions: { postgis: installedPostgis() },
      })
      expect((await lean.query(question)).rows).toEqual(expected)
      // The lean bundle has nothing to install from.
      await expect(lean.exec('create extension postgis_topology')).rejects.toThrow()
      await lean.close()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('reads every entry of the package’s archive', () => {
    const bundle = join(
      dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite-postgis')),
      'postgis.tar.gz',
    )
    const tar = gunzipSync(readFileSync(bundle))
    const entries = entriesOf(tar)
    expect(entries.map(({ name }) => name)).toContain('lib/postgresql/postgis-3.so')
    const end = entries.reduce((sum, { bytes }) => sum + bytes.length, 0)
    expect(tar.subarray(end).every((byte) => byte === 0)).toBe(true)
  })
})
