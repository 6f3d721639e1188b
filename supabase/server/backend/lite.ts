import { App } from '@supabase/lite'
import type { PostgresConnection } from '@supabase/lite/postgres'
import type { Database } from '../base/database-types.ts'
import type { Secrets } from '../base/secrets.ts'
import { packageVersion } from './archive.ts'
import { readState, writeState } from './provision.ts'

/** supabase-js renews it before. */
const sessionSeconds = 3600

/** Without studio, admin mode, sign-up and mail. */
export function createLite(connection: PostgresConnection, secrets: Secrets, siteUrl: string) {
  return new App({
    connection,
    auth: {
      enabled: true,
      jwt_secret: secrets.jwtSecret,
      jwt_expiry: sessionSeconds,
      publishable_key: secrets.publishableKey,
      secret_key: secrets.secretKey,
      site_url: siteUrl,
      enable_signup: false,
      minimum_password_length: 8,
    },
    options: { server: { admin: false, disableStudio: true, disableFallback: true } },
  })
}

/** The last change of the catalogue, and the rights. */
const fingerprintSql = `
  select md5(concat(
    (select string_agg(concat(c.oid, c.relname, c.relkind, c.relacl::text, c.relnatts), ',' order by c.oid)
       from pg_class c where c.relnamespace in ('public'::regnamespace, 'auth'::regnamespace)),
    (select string_agg(concat(a.attrelid, a.attname, a.atttypid, a.attnotnull), ',' order by a.attrelid, a.attnum)
       from pg_attribute a join pg_class c on c.oid = a.attrelid
       where c.relnamespace = 'public'::regnamespace),
    (select string_agg(concat(p.oid, p.proname, p.proargtypes::text, p.proargnames::text, p.pronargdefaults,
         p.prorettype, p.provolatile), ',' order by p.oid)
       from pg_proc p where p.pronamespace = 'public'::regnamespace)
  )) as fingerprint`

/**
 * Keeps lite's reading of the catalogue, most of a second on PGlite, under the schema's
 * fingerprint.
 */
export async function keepIntrospection(
  connection: PostgresConnection,
  owner: Database,
): Promise<void> {
  const [row] = await owner.query<{ fingerprint: string }>(fingerprintSql)
  const fingerprint = `${packageVersion('@supabase/lite')} ${row?.fingerprint}`
  const kept = await readState(owner, 'introspection')
  const known = kept ? (JSON.parse(kept) as { fingerprint: string; schema: unknown }) : null
  let schema = known?.fingerprint === fingerprint ? known.schema : null
  if (!schema) {
    schema = await connection.introspect()
    await writeState(owner, 'introspection', JSON.stringify({ fingerprint, schema }))
  }
  connection.introspect = (async () => schema) as PostgresConnection['introspect']
}

/**
 * lite's first request tries to grant ALL on tables with policies. Here it fails once as
 * `wangge_api`, before anybody is let in.
 */
export async function warmUp(
  app: { fetch: (request: Request) => Promise<Response> },
  secrets: Secrets,
) {
  const request = new Request('http://127.0.0.1/rest/v1/rpc/session_context', {
    method: 'POST',
    headers: { apikey: secrets.publishableKey, 'content-type': 'application/json' },
    body: '{}',
  })
  await (await app.fetch(request)).arrayBuffer()
}
