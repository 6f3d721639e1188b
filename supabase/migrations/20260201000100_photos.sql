-- Photos: which incident they belong to, and which of their files the server holds and has checked.
-- The file itself lies in the bucket `photos` as <owner>/<hash>.jpg or .webp; a row here names it.

create table public.incident_photos (
  district_code text not null,
  incident_id uuid not null,
  -- SHA-256 of the file's bytes
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  -- whoever took or chose it, and uploads the file
  owner uuid not null,
  media_type text not null check (media_type in ('image/jpeg', 'image/webp')),
  bytes integer not null check (bytes between 1 and 5242880),
  width integer not null check (width between 1 and 2048),
  height integer not null check (height between 1 and 2048),
  -- what the camera wrote into the file before it was stripped
  taken_at timestamptz,
  lon double precision check (lon between -180 and 180),
  lat double precision check (lat between -90 and 90),
  -- the entry of incident_log that brought it
  seq_in_log integer not null,
  command_id uuid,
  at timestamptz not null,
  primary key (district_code, incident_id, owner, hash),
  foreign key (district_code, incident_id) references public.incidents (district_code, id),
  check ((lon is null) = (lat is null))
);
create index incident_photos_file_idx on public.incident_photos (owner, hash);
create index incident_photos_incident_idx on public.incident_photos (incident_id);

-- What the server found in a file. A file without a row was never checked, and neither was one under
-- the same hash with the other extension: `media_type` is part of what was looked at.
create table public.photo_checks (
  owner uuid not null,
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  media_type text not null check (media_type in ('image/jpeg', 'image/webp')),
  bytes integer not null check (bytes >= 0),
  width integer check (width > 0),
  height integer check (height > 0),
  verdict text not null check (verdict in ('ok', 'refused')),
  reason text check (length(reason) <= 200),
  checked_at timestamptz not null default now(),
  primary key (owner, hash),
  check (verdict = 'refused' or (width is not null and height is not null))
);

-- The hashes a command names: its receipt says which of their files are missing.
alter table public.commands add column photo_hashes text[] not null default '{}';

-- Answers for a hash the caller must know already.
create function private.is_photo_checked(p_owner uuid, p_hash text, p_media_type text)
returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.photo_checks c
    where c.owner = p_owner and c.hash = p_hash and c.media_type = p_media_type and c.verdict = 'ok')
$$;

-- Hashes whose checked file the server does not hold as the type it was named with, in the order given.
create function private.missing_photos(p_owner uuid, p_hashes text[])
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  if p_hashes = '{}' then return '[]'; end if;
  return coalesce((
    select jsonb_agg(h.hash order by h.n)
    from unnest(p_hashes) with ordinality as h (hash, n)
    where not exists (select 1 from public.photo_checks c
      join public.incident_photos p
        on p.owner = c.owner and p.hash = c.hash and p.media_type = c.media_type
      where c.owner = p_owner and c.hash = h.hash and c.verdict = 'ok')), '[]');
end $$;

-- Records a verdict on a file; for the server that keeps files itself. A later verdict takes the place
-- of an earlier one, so a file that got lost is recorded as refused and asked for again.
create function private.record_photo_check(p_owner uuid, p_hash text, p_media_type text,
  p_bytes integer, p_width integer, p_height integer, p_verdict text, p_reason text default null)
returns void language sql volatile security definer set search_path = '' as $$
  insert into public.photo_checks
    (owner, hash, media_type, bytes, width, height, verdict, reason, checked_at)
  values (p_owner, p_hash, p_media_type, p_bytes, p_width, p_height, p_verdict, p_reason, clock_timestamp())
  on conflict (owner, hash) do update set media_type = excluded.media_type, bytes = excluded.bytes,
    width = excluded.width, height = excluded.height, verdict = excluded.verdict,
    reason = excluded.reason, checked_at = excluded.checked_at
$$;

-- Records a verdict for a service that checks files where others keep them, and removes what it
-- refuses. False when the verdict is not taken, and then nothing may be removed either:
-- a refusal, when the file is recorded as good. Whoever gives it looked at other bytes that once lay
--   under this name, and somebody may count on the good ones;
-- an approval, within ten minutes of a refusal. Whoever refused lives for seven at most, and may be
--   about to remove what was just found good.
create function private.offer_photo_check(p_owner uuid, p_hash text, p_media_type text,
  p_bytes integer, p_width integer, p_height integer, p_verdict text, p_reason text)
returns boolean language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into public.photo_checks as known
    (owner, hash, media_type, bytes, width, height, verdict, reason, checked_at)
  values (p_owner, p_hash, p_media_type, p_bytes, p_width, p_height, p_verdict, p_reason, clock_timestamp())
  on conflict (owner, hash) do update set media_type = excluded.media_type, bytes = excluded.bytes,
    width = excluded.width, height = excluded.height, verdict = excluded.verdict,
    reason = excluded.reason, checked_at = excluded.checked_at
  where known.verdict = excluded.verdict
    or excluded.verdict = 'ok' and known.checked_at < excluded.checked_at - interval '10 minutes';
  return found;
end $$;

-- May the caller read this file? Their own always; another's when it was checked as what its name says
-- it is, and belongs to an incident the caller sees.
create function private.photo_to_read(p_owner uuid, p_hash text, p_media_type text)
returns boolean language plpgsql stable security definer set search_path = '' as $$
declare
  v_scope private.incident_scope := private.resolve_scope();
  v_found boolean;
begin
  if p_owner = v_scope.user_id then
    return true;
  end if;
  if not private.is_photo_checked(p_owner, p_hash, p_media_type) then
    return false;
  end if;
  execute format($q$
    select exists (
      select 1 from public.incident_photos p
      join public.incidents i on i.district_code = p.district_code and i.id = p.incident_id
      where p.owner = $1 and p.hash = $2 and %s) $q$, private.scope_condition(v_scope, 'i'))
  into v_found using p_owner, p_hash;
  return v_found;
end $$;

create function public.photo_to_read(p_owner uuid, p_hash text, p_media_type text)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select to_jsonb(private.photo_to_read(p_owner, p_hash, p_media_type))
$$;
-- For a service that checks files outside of our server and reaches the database through the API.
create function public.record_photo_check(p_owner uuid, p_hash text, p_media_type text,
  p_bytes integer, p_width integer, p_height integer, p_verdict text, p_reason text default null)
returns jsonb language sql volatile security invoker set search_path = '' as $$
  select to_jsonb(private.offer_photo_check(
    p_owner, p_hash, p_media_type, p_bytes, p_width, p_height, p_verdict, p_reason))
$$;

alter table public.incident_photos enable row level security;
alter table public.photo_checks enable row level security;
revoke all on public.incident_photos, public.photo_checks from public, anon, authenticated;
grant select on public.incident_photos, public.photo_checks to authenticated;

-- The sub-select is itself under the policy of incidents.
create policy "Who sees an incident sees its checked photos, and everybody their own"
on public.incident_photos for select to authenticated
using (
  owner = (select auth.uid())
  or (
    exists (select 1 from public.incidents i
      where i.district_code = incident_photos.district_code and i.id = incident_photos.incident_id)
    and private.is_photo_checked(owner, hash, media_type)
  )
);

create policy "People see what was found in their own files"
on public.photo_checks for select to authenticated
using (owner = (select auth.uid()));

revoke all on function private.is_photo_checked(uuid, text, text), private.missing_photos(uuid, text[]),
  private.record_photo_check(uuid, text, text, integer, integer, integer, text, text),
  private.offer_photo_check(uuid, text, text, integer, integer, integer, text, text),
  private.photo_to_read(uuid, text, text), public.photo_to_read(uuid, text, text),
  public.record_photo_check(uuid, text, text, integer, integer, integer, text, text)
from public, anon, authenticated;
grant execute on function private.is_photo_checked(uuid, text, text),
  private.photo_to_read(uuid, text, text), public.photo_to_read(uuid, text, text)
to authenticated;
grant usage on schema private to service_role;
grant execute on function
  private.offer_photo_check(uuid, text, text, integer, integer, integer, text, text),
  public.record_photo_check(uuid, text, text, integer, integer, integer, text, text)
to service_role;
