import { describe, expect, test } from 'vitest'
import { staticConfig } from './supabase-tier.ts'

const env = {
  SUPABASE_URL: 'https://project.example/',
  SUPABASE_PUBLISHABLE_KEY: 'sb_publishable_of_this_test',
  WANGGE_CITY_NAME: '长沙',
  WANGGE_CITY_TIME_ZONE: 'Asia/Shanghai',
  WANGGE_CITY_BBOX: '112.6,27.9,113.4,28.6',
}

function built(variables: Record<string, string | undefined>): Record<string, unknown> {
  const files: Record<string, unknown> = {}
  const { generateBundle } = staticConfig(variables)
  if (typeof generateBundle !== 'function') throw new Error('no generateBundle')
  const emitFile = ({ fileName, source }: { fileName: string; source: string }): string => {
    files[fileName] = JSON.parse(source)
    return fileName
  }
  Reflect.apply(generateBundle, { emitFile }, [])
  return files
}

describe('a build for static hosting', () => {
  test('carries the configuration of its Supabase', () => {
    expect(built(env)).toEqual({
      'config.json': expect.objectContaining({
        supabaseUrl: 'https://project.example',
        publishableKey: 'sb_publishable_of_this_test',
        tier: 'supabase',
        // apps of 0.1.0 demand it
        capabilities: { storage: true, passwordChange: true },
        demo: null,
        city: expect.objectContaining({ name: '长沙', bbox: [112.6, 27.9, 113.4, 28.6] }),
      }),
    })
  })
  test('carries none without a Supabase: the server answers', () => {
    expect(built({})).toEqual({})
  })
  test.each([
    ['a secret key', { SUPABASE_PUBLISHABLE_KEY: 'sb_secret_x' }, /secret/],
    ['no city', { WANGGE_CITY_NAME: undefined }, /WANGGE_CITY_NAME/],
    ['a box the wrong way round', { WANGGE_CITY_BBOX: '113,27,112,28' }, /WANGGE_CITY_BBOX/],
  ])('refuses %s', (_, change, message) => {
    expect(() => built({ ...env, ...change })).toThrow(message)
  })
})
