import { expect, test } from 'vitest'
import { demoPassword } from './demo.ts'
import { startServer } from './server.ts'
import { loadSmallCity, secretsOf, send, settingsIn, signToken, temporaryFolder } from './testing.ts'

test('where others can reach the server the demo accounts are refused, new and old sessions alike', async () => {
  const folder = temporaryFolder('demo')
  const settings = settingsIn(folder.path, { HOST: '0.0.0.0' })
  const server = await startServer(settings, { loadCity: loadSmallCity })
  const { publishableKey, jwtSecret } = secretsOf(folder.path)
  const headers = { apikey: publishableKey, 'content-type': 'application/json' }
  // the peer is this machine: that must not matter
  const answer = await send(server.port, 'POST', '/auth/v1/token?grant_type=password', {
    headers,
    body: JSON.stringify({ email: ' Admin@wangge.demo', password: demoPassword }),
  })
  expect(answer).toMatchObject({ status: 403, json: { code: 'demo_refused' } })
  const [user] = await server
    .database()
    .query<{ id: string }>(`select id::text from auth.users where email = 'admin@wangge.demo'`)
  const claims = { sub: user?.id, email: 'admin@wangge.demo', role: 'authenticated', exp: 4e9 }
  const authorization = `Bearer ${signToken(claims, jwtSecret)}`
  const session = await send(server.port, 'POST', '/rest/v1/rpc/session_context', {
    headers: { ...headers, authorization },
    body: '{}',
  })
  expect(session.status).toBe(403)
  await server.close()
  folder.remove()
})
