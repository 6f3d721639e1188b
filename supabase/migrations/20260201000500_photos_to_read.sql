-- photo_to_read for many photos at once: a page of pictures costs one question and not one each. For
-- the owner alone, who asks in the name of the caller that the request's claims give.

-- One answer for each owner, hash and media type, in their order.
create function private.photos_to_read(p_owners uuid[], p_hashes text[], p_media_types text[])
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

revoke all on function private.photos_to_read(uuid[], text[], text[]) from public, anon, authenticated;
