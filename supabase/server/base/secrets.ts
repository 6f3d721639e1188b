import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from './files.ts'
import { ServerError } from './errors.ts'

/** Only the publishable key leaves the data folder. */
export interface Secrets {
  /** HS256. */
  jwtSecret: string
  publishableKey: string
  secretKey: string
  /** Of the login `wangge_api` on an own Postgres. */
  apiPassword: string
}

/** Creates `secrets.json` (mode 0600) the first time. */
export function loadSecrets(dataDir: string): Secrets {
  const path = join(dataDir, 'secrets.json')
  if (!existsSync(path)) {
    const secrets: Secrets = {
      jwtSecret: randomBytes(48).toString('base64url'),
      publishableKey: apiKey('publishable'),
      secretKey: apiKey('secret'),
      apiPassword: randomBytes(24).toString('base64url'),
    }
    writeDurably(path, JSON.stringify(secrets, null, 2) + '\n', 0o600)
    return secrets
  }
  const secrets = JSON.parse(readFileSync(path, 'utf8')) as Partial<Secrets>
  for (const name of ['jwtSecret', 'publishableKey', 'secretKey', 'apiPassword'] as const) {
    if (typeof secrets[name] !== 'string' || secrets[name].length < 20) {
      throw new ServerError(`${path} is damaged: ${name} is missing or too short.`)
    }
  }
  return secrets as Secrets
}

/** As Supabase: `sb_<kind>_<22 random characters>_<checksum>`. */
function apiKey(kind: 'publishable' | 'secret'): string {
  const body = `sb_${kind}_${randomBytes(17).toString('base64url').slice(0, 22)}`
  const checksum = createHash('sha256').update(body).digest('base64url').slice(0, 8)
  return `${body}_${checksum}`
}
