-- The bucket `photos` of a Supabase and who may touch its objects. Where our own server keeps the
-- files there is no schema `storage`, and its door asks the same questions.
--
-- People put files below their own id, named by what is in them; nobody changes or deletes one.
-- A Supabase's own service role checks them and passes by these policies.

-- May the caller read the object of this name? Not for names that are none of a photo. The extension
-- says which type it has to have been checked as: anybody may put any bytes under the other one.
create function private.photo_object_to_read(p_name text)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return p_name ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/[0-9a-f]{64}\.(jpg|webp)$'
    and private.photo_to_read(left(p_name, 36)::uuid, substr(p_name, 38, 64),
      case when right(p_name, 4) = '.jpg' then 'image/jpeg' else 'image/webp' end);
end $$;

revoke all on function private.photo_object_to_read(text) from public, anon, authenticated;
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
