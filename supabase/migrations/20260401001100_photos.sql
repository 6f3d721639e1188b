-- The present text with its reasons is in supabase/schemas.

create or replace function private.is_photo_checked(p_owner uuid, p_hash text, p_media_type text)
returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.photo_checks c
    where c.owner = p_owner and c.hash = p_hash and c.media_type = p_media_type and c.verdict = 'ok')
$$;

create or replace function private.missing_photos(p_owner uuid, p_hashes text[])
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

create or replace function private.record_photo_check(p_owner uuid, p_hash text, p_media_type text,
  p_bytes integer, p_width integer, p_height integer, p_verdict text, p_reason text default null)
returns void language sql volatile security definer set search_path = '' as $$
  insert into public.photo_checks
    (owner, hash, media_type, bytes, width, height, verdict, reason, checked_at)
  values (p_owner, p_hash, p_media_type, p_bytes, p_width, p_height, p_verdict, p_reason, clock_timestamp())
  on conflict (owner, hash) do update set media_type = excluded.media_type, bytes = excluded.bytes,
    width = excluded.width, height = excluded.height, verdict = excluded.verdict,
    reason = excluded.reason, checked_at = excluded.checked_at
$$;

create or replace function private.offer_photo_check(p_owner uuid, p_hash text, p_media_type text,
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

create or replace function private.photo_to_read(p_owner uuid, p_hash text, p_media_type text)
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

create or replace function private.photos_to_read(p_owners uuid[], p_hashes text[], p_media_types text[])
returns boolean[] language plpgsql stable set search_path = '' as $$
declare
  v_scope private.incident_scope := private.resolve_scope();
  v_answers boolean[];
begin
  execute format($q$
    select array_agg(asked.owner = $4 or (
        exists (select from public.photo_checks c
          where c.owner = asked.owner and c.hash = asked.hash and c.media_type = asked.media_type
            and c.verdict = 'ok')
        and exists (select from public.incident_photos p
          join public.incidents i on i.district_code = p.district_code and i.id = p.incident_id
          where p.owner = asked.owner and p.hash = asked.hash and %s))
      order by asked.n)
    from unnest($1, $2, $3) with ordinality as asked (owner, hash, media_type, n) $q$,
    private.scope_condition(v_scope, 'i'))
  into v_answers using p_owners, p_hashes, p_media_types, v_scope.user_id;
  return coalesce(v_answers, '{}');
end $$;

create or replace function public.photo_to_read(p_owner uuid, p_hash text, p_media_type text)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select to_jsonb(private.photo_to_read(p_owner, p_hash, p_media_type))
$$;

create or replace function public.record_photo_check(p_owner uuid, p_hash text, p_media_type text,
  p_bytes integer, p_width integer, p_height integer, p_verdict text, p_reason text default null)
returns jsonb language sql volatile security invoker set search_path = '' as $$
  select to_jsonb(private.offer_photo_check(
    p_owner, p_hash, p_media_type, p_bytes, p_width, p_height, p_verdict, p_reason))
$$;
grant execute on function private.is_photo_checked(uuid, text, text),
  private.photo_to_read(uuid, text, text), public.photo_to_read(uuid, text, text)
to authenticated;
grant execute on function
  private.offer_photo_check(uuid, text, text, integer, integer, integer, text, text),
  public.record_photo_check(uuid, text, text, integer, integer, integer, text, text)
to service_role;

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

create or replace function private.photo_object_to_read(p_name text)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return p_name ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/[0-9a-f]{64}\.(jpg|webp)$'
    and private.photo_to_read(left(p_name, 36)::uuid, substr(p_name, 38, 64),
      case when right(p_name, 4) = '.jpg' then 'image/jpeg' else 'image/webp' end);
end $$;
grant execute on function private.photo_object_to_read(text) to authenticated;

do $$
begin
  if to_regclass('storage.objects') is null or to_regclass('storage.buckets') is null then
    return;
  end if;
  insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
  values ('photos', 'photos', false, 5242880, '{image/jpeg,image/webp}')
  on conflict (id) do update set public = excluded.public,
    file_size_limit = excluded.file_size_limit, allowed_mime_types = excluded.allowed_mime_types;

  create policy "People put photos below their own id, named by their hash"
  on storage.objects for insert to authenticated
  with check (
    bucket_id = 'photos'
    and name ~ ('^' || (select auth.uid())::text || '/[0-9a-f]{64}\.(jpg|webp)$')
  );

  create policy "People read their own photos, and checked ones of incidents they see"
  on storage.objects for select to authenticated
  using (bucket_id = 'photos' and private.photo_object_to_read(name));
end $$;
