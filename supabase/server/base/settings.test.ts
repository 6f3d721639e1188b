import { expect, test } from 'vitest'
import { isLoopback, settingsFrom } from './settings.ts'
import { supabaseConfig } from '../start/supabase-tier.ts'

test('the defaults are a laptop alone', () => {
  expect(settingsFrom({})).toMatchObject({
    host: '127.0.0.1',
    port: 4173,
    trustedProxy: false,
    databaseUrl: null,
    supabase: null,
    snapshotMs: 15 * 60_000,
    photoQuotaBytes: 10_240 * 1024 * 1024,
  })
})

test.each([
  [{ PORT: 'x' }, 'PORT=x'],
  [{ PORT: '70000' }, 'PORT=70000'],
  [{ SNAPSHOT_MINUTES: '-1' }, 'SNAPSHOT_MINUTES'],
  [{ TRUSTED_PROXY: 'maybe' }, 'TRUSTED_PROXY'],
  [{ PUBLIC_URL: 'wangge.example' }, 'PUBLIC_URL'],
  [{ PUBLIC_URL: 'https://wangge.example/app' }, 'PUBLIC_URL'],
  [{ TLS_CERT: '/x' }, 'go together'],
  [{ TLS_CERT: '/no/such', TLS_KEY: '/no/such' }, 'no such file'],
  [{ SUPABASE_URL: 'https://x.supabase.co' }, 'SUPABASE_PUBLISHABLE_KEY'],
  [
    { SUPABASE_URL: 'https://x.supabase.co', SUPABASE_PUBLISHABLE_KEY: 'sb_secret_x' },
    'secret key',
  ],
])('%o is refused by name', (env, words) => {
  expect(() => settingsFrom(env as unknown as Record<string, string>)).toThrow(words)
})

test('an unknown option is refused', () => {
  expect(() => settingsFrom({}, ['--emtpy'])).toThrow('--emtpy')
  expect(() => settingsFrom({}, ['--demo'])).toThrow('--demo')
  expect(() => settingsFrom({}, ['--demo', 'atlantis'])).toThrow(
    '"atlantis". Known: --demo none|sf',
  )
  expect(settingsFrom({}, [])).toMatchObject({
    demo: 'unsaid',
    demoToday: false,
    acceptLoss: false,
    dev: false,
  })
  expect(settingsFrom({}, ['--accept-loss']).acceptLoss).toBe(true)
  const none = settingsFrom({}, ['--demo', 'none', '--dev'])
  expect(none).toMatchObject({ demo: 'none', demoToday: false, dev: true })
  const today = settingsFrom({}, ['--demo=sf', '--demo-today'])
  expect(today).toMatchObject({ demo: { id: 'sf' }, demoToday: true })
  const elsewhere = { SUPABASE_URL: 'https://x.supabase.co', SUPABASE_PUBLISHABLE_KEY: 'k' }
  expect(() => settingsFrom(elsewhere, ['--demo-today'])).toThrow('SUPABASE_URL')
})

test('isLoopback', () => {
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1'])
    expect(isLoopback(host)).toBe(true)
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.evil.example']) {
    expect(isLoopback(host)).toBe(false)
  }
})

test('a Supabase elsewhere is described by the environment', () => {
  const env = {
    WANGGE_CITY_NAME: '测试市',
    WANGGE_CITY_TIME_ZONE: 'Asia/Shanghai',
    WANGGE_CITY_BBOX: '112.9,27.9,113.1,28.1',
  }
  const x = { url: 'x', publishableKey: 'k' }
  const part = supabaseConfig(env, { url: 'https://x.supabase.co', publishableKey: 'k' })
  expect(part.city).toMatchObject({ name: '测试市', bbox: [112.9, 27.9, 113.1, 28.1] })
  expect(
    supabaseConfig(env, { url: 'https://x.supabase.co', publishableKey: 'k' }).instanceId,
  ).toBe(part.instanceId)
  expect(() => supabaseConfig({ ...env, WANGGE_CITY_NAME: '' }, x)).toThrow('WANGGE_CITY_NAME')
  expect(() => supabaseConfig({ ...env, WANGGE_CITY_BBOX: '1,2,3' }, x)).toThrow('WANGGE_CITY_BBOX')
})
