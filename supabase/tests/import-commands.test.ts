import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { newDemoDir } from '../../tests/kit/app-server.ts'
import { patient } from '../../tests/kit/patience.ts'
import { demoPassword } from '../server/base/demo.ts'
import { loadSecrets } from '../server/base/secrets.ts'
import { startServer } from '../server/start/server.ts'
import { settingsFrom } from '../server/base/settings.ts'
import { runCommand, temporaryFiles } from './import-support.ts'
import type { Ended } from './import-support.ts'

const files = temporaryFiles()
const env = { ...process.env, DATA_DIR: await newDemoDir(), DATABASE_URL: '', PORT: '0' }
afterAll(() => {
  files.remove()
  rmSync(env.DATA_DIR, { recursive: true, force: true })
})

const run = (command: 'import' | 'user', args: string[]): Promise<Ended> =>
  runCommand(env, command, args)

/** Several processes that each open a database, on a machine that may be busy. */
const timeout = patient(400_000)

it(
  'says what is wrong with a command line or a file, with exit code 2 or 1',
  { timeout },
  async () => {
    const noFile = await run('import', ['incidents', 'x.csv', '--mapping', 'x.json'])
    expect(noFile).toMatchObject({ code: 1, out: expect.stringContaining('x.json') })
    expect(await run('import', ['areas', 'x.geojson', '--level', 'moon'])).toMatchObject({
      code: 2,
    })
    expect(await run('user', ['add', 'a@b.org', '--role', 'king', '--area', 'SF'])).toMatchObject({
      code: 2,
    })
    const broken = files.write('{"type": "FeatureCollection", "features": [', '.geojson')
    expect(
      await run('import', ['areas', broken, '--level', 'grid', '--parent', 'parent_code']),
    ).toMatchObject({
      code: 1,
      out: expect.stringMatching(/line 1, column \d+: not GeoJSON/),
    })
    const useless = files.write('id,t,x,y\n1,never,,\n', '.csv')
    const mapping = files.write(
      JSON.stringify({
        source: 's',
        columns: { id: 'id', reportedAt: 't', lon: 'x', lat: 'y' },
        categories: { otherwise: 'street_light' },
        stages: { otherwise: 'filed' },
      }),
      '.json',
    )
    // without a mapping the file is looked at, and one is proposed
    const looked = await run('import', ['incidents', useless])
    expect(looked).toMatchObject({ code: 2, out: expect.stringContaining('--mapping') })
    expect(looked.out).toContain('"lon": "x"')
    const base = join(files.folder, 'useless')
    const nothing = await run('import', [
      'incidents',
      useless,
      '--mapping',
      mapping,
      '--report',
      base,
    ])
    expect(nothing).toMatchObject({
      code: 1,
      out: expect.stringContaining('line 2, id 1, field t: bad_date (never)'),
    })
  },
)

it(
  'works beside a running server, whose people sign in with what the commands gave them',
  { timeout },
  async () => {
    const server = await startServer(settingsFrom(env), {})
    try {
      const { publishableKey } = loadSecrets(env.DATA_DIR)
      const signIn = async (email: string, password: string): Promise<number> => {
        const reply = await fetch(`${server.url}/auth/v1/token?grant_type=password`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            apikey: publishableKey,
            origin: server.url,
          },
          body: JSON.stringify({ email, password }),
        })
        await reply.body?.cancel()
        return reply.status
      }
      expect(await signIn('manager@wangge.demo', demoPassword)).toBe(200)
      expect(await signIn('manager@wangge.demo', 'wrong password')).toBe(400)

      const place = ['--role', 'grid_manager', '--area', 'SF-N-19']
      const added = await run('user', ['add', 'New@Example.org', '--name', 'Neu', ...place])
      expect(added.code, added.out).toBe(0)
      const password = /shown only now\): (\S+)/.exec(added.out)?.[1] ?? ''
      expect(await signIn('new@example.org', password)).toBe(200)

      expect(await run('user', ['add', 'new@example.org', ...place])).toMatchObject({
        code: 1,
        out: expect.stringContaining('has an account already'),
      })
      const changed = await run('user', [
        'password',
        'new@example.org',
        '--password',
        'umbrella tractor violin',
      ])
      expect(changed.code, changed.out).toBe(0)
      expect(await signIn('new@example.org', password)).toBe(400)
      expect(await signIn('new@example.org', 'umbrella tractor violin')).toBe(200)
      const granted = await run('user', [
        'role',
        'new@example.org',
        '--role',
        'handler',
        '--area',
        'SF',
        '--department',
        'parks',
      ])
      expect(granted.code, granted.out).toBe(0)
      expect((await run('user', ['list'])).out).toContain(
        'new@example.org\tNeu\tgrid_manager SF-N-19; handler SF parks',
      )
      expect((await run('user', ['remove', 'new@example.org'])).code).toBe(0)
      expect(await signIn('new@example.org', 'another one')).toBe(400)
    } finally {
      await server.close()
    }
  },
)
