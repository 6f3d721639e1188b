import { describe, expect, it } from 'vitest'
import { isServerThere } from './config.ts'

const config = {
  instanceId: 'i',
  supabaseUrl: 'https://project.example',
  publishableKey: 'key',
  tier: 'supabase',
  city: {
    name: '长沙',
    locale: 'zh-CN',
    timeZone: 'Asia/Shanghai',
    bbox: [1, 1, 2, 2],
    basemap: null,
  },
  demo: null,
}
/** Answers other paths with its page, like many static hosts. */
const host =
  (files: Record<string, unknown>, other = new Response('<html></html>')) =>
  (path: RequestInfo | URL) => {
    const file = files[path as string]
    return Promise.resolve(file ? Response.json(file) : other.clone())
  }

describe('isServerThere', () => {
  it('is told by a host of files alone, which knows nothing of /healthz', async () => {
    expect(await isServerThere({ fetch: host({ '/config.json': config }) })).toBe(true)
  })

  it.each([
    ['a portal’s page', host({})],
    ['a portal’s JSON', host({ '/config.json': { welcome: true } })],
    ['a server that gets ready', host({}, Response.json(config, { status: 503 }))],
    ['no network', () => Promise.reject(new TypeError('failed to fetch'))],
  ])('is not told by %s', async (_, fetch) => {
    expect(await isServerThere({ fetch })).toBe(false)
  })
})
