import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPassword } from '../base/demo.ts'
import { startServer } from '../start/server.ts'
import type { RunningServer } from '../start/server.ts'
import { secretsOf, send, settingsIn, signToken } from '../testing/kit.ts'
import type { Answer } from '../testing/kit.ts'
import { folderWithSmallCity } from '../testing/small-city.ts'

const folder = await folderWithSmallCity('exposed')
const certificateFile = join(folder.path, 'localhost.cert.pem')
const keyFile = join(folder.path, 'localhost.key.pem')
let certificate = ''
let server: RunningServer

/** Made for each run: no private key lies in the repository. */
function makeCertificate(): void {
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const files = ['-keyout', keyFile, '-out', certificateFile]
  execFileSync('openssl', [...request, ...names, ...files], { stdio: 'pipe' })
  certificate = readFileSync(certificateFile, 'utf8')
}

beforeAll(async () => {
  makeCertificate()
  const settings = settingsIn(folder.path, {
    TLS_CERT: certificateFile,
    TLS_KEY: keyFile,
    TRUSTED_PROXY: '1',
    PUBLIC_URL: 'https://wangge.example',
  })
  server = await startServer(settings)
})
afterAll(async () => {
  await server?.close()
  folder.remove()
})

const ask = (path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> =>
  send(server.port, body ? 'POST' : 'GET', path, {
    headers,
    certificate,
    ...(body ? { body } : {}),
  })

test('where others can reach the server the demo accounts are refused, new and old sessions alike', async () => {
  const { publishableKey, jwtSecret } = secretsOf(folder.path)
  const headers = { apikey: publishableKey, 'content-type': 'application/json' }
  // A local peer gets no exception.
  const credentials = JSON.stringify({ email: ' Admin@wangge.demo', password: demoPassword })
  const answer = await ask('/auth/v1/token?grant_type=password', headers, credentials)
  expect(answer).toMatchObject({ status: 403, json: { code: 'demo_refused' } })
  const [user] = await server
    .database()
    .query<{ id: string }>(`select id::text from auth.users where email = 'admin@wangge.demo'`)
  const claims = { sub: user?.id, email: 'admin@wangge.demo', role: 'authenticated', exp: 4e9 }
  const authorization = `Bearer ${signToken(claims, jwtSecret)}`
  const session = await ask('/rest/v1/rpc/session_context', { ...headers, authorization }, '{}')
  expect(session.status).toBe(403)
})

test('with a certificate it speaks TLS alone, and says so for good', async () => {
  const { status, headers } = await ask('/healthz')
  expect(status).toBe(200)
  expect(headers['strict-transport-security']).toContain('max-age=')
  expect((await ask('/config.json')).json.supabaseUrl).toBe(`https://127.0.0.1:${server.port}`)
  await expect(send(server.port, 'GET', '/healthz')).rejects.toThrow()
})

test('a trusted proxy says how it was reached: address, Host and Origin are judged by that', async () => {
  const port = String(server.port)
  const proxied = { host: `127.0.0.1:${port}`, 'x-forwarded-for': '203.0.113.7' }
  const people = { ...proxied, 'x-forwarded-host': 'wangge.example', 'x-forwarded-proto': 'https' }
  const there = await ask('/config.json', { ...people, origin: 'https://wangge.example' })
  expect(there).toMatchObject({ status: 200, json: { supabaseUrl: 'https://wangge.example' } })

  // The proxy's protocol towards people counts.
  const plain = { ...proxied, 'x-forwarded-host': `localhost:${port}`, 'x-forwarded-proto': 'http' }
  const origin = `http://localhost:${port}`
  expect((await ask('/config.json', { ...plain, origin })).json.supabaseUrl).toBe(origin)

  for (const wrong of [
    `https://localhost:${port}`,
    'http://wangge.example',
    'https://evil.example',
  ]) {
    expect((await ask('/config.json', { ...plain, origin: wrong })).status).toBe(403)
  }
  const elsewhere = { ...people, 'x-forwarded-host': 'evil.example' }
  expect((await ask('/config.json', elsewhere)).status).toBe(421)
  // A forged Host does not override the proxy's.
  expect((await ask('/config.json', { ...elsewhere, host: 'wangge.example' })).status).toBe(421)
})
