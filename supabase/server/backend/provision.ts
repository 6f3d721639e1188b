import { randomBytes } from 'node:crypto'
import type { Database } from '../base/database-types.ts'

/** Owns nothing; member of the request roles. */
export const apiRole = 'wangge_api'

const roles = `
do $$
begin
  if not exists (select from pg_roles where rolname = 'anon') then
    create role anon nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then
    create role authenticated nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'service_role') then
    create role service_role nologin bypassrls;
  end if;
  if not exists (select from pg_roles where rolname = '${apiRole}') then
    create role ${apiRole} nosuperuser nocreatedb nocreaterole inherit;
  end if;
end $$;
grant anon, authenticated to ${apiRole};
create schema if not exists wangge_server;
revoke all on schema wangge_server from public;
create table if not exists wangge_server.state (key text primary key, value text not null);
create table if not exists wangge_server.canary (
  singleton boolean primary key default true check (singleton),
  value text not null
);
create table if not exists wangge_server.ended_sessions (
  id uuid primary key,
  ended_at timestamptz not null default now()
);
`

/** lite's schema `auth` has no table `instances`. */
export async function isSupabase(db: Database): Promise<boolean> {
  const rows = await db.query(
    `select 1 as found from pg_namespace n
      where n.nspname = 'auth' and (not pg_has_role(n.nspowner, 'usage')
        or exists (select from pg_class c where c.relnamespace = n.oid and c.relname = 'instances'))`,
  )
  return rows.length > 0
}

/** Before the system schema and the migrations. */
export async function provisionRoles(owner: Database): Promise<void> {
  await owner.exec(roles)
}

export async function provisionGrants(owner: Database): Promise<void> {
  await owner.exec(`
    grant usage on schema auth to anon, authenticated, service_role, ${apiRole};
    grant select, insert, update, delete on all tables in schema auth to ${apiRole};
    grant usage on all sequences in schema auth to ${apiRole};
    grant usage on schema public to ${apiRole};
  `)
}

/** Servers of one database share the password. */
export async function provisionLogin(owner: Database): Promise<string> {
  const fresh = randomBytes(24).toString('base64url')
  await owner.query(
    `insert into wangge_server.state values ('api_password', $1) on conflict (key) do nothing`,
    [fresh],
  )
  const password = (await readState(owner, 'api_password')) ?? fresh
  // Utility statements take no parameters; the alphabet is base64url.
  await owner.exec(`alter role ${apiRole} login password '${password.replace(/[^\w-]/g, '')}'`)
  return password
}

export async function readState(owner: Database, key: string): Promise<string | null> {
  const rows = await owner.query<{ value: string }>(
    'select value from wangge_server.state where key = $1',
    [key],
  )
  return rows[0]?.value ?? null
}

export async function writeState(owner: Database, key: string, value: string): Promise<void> {
  await owner.query(
    `insert into wangge_server.state values ($1, $2)
     on conflict (key) do update set value = excluded.value`,
    [key, value],
  )
}
