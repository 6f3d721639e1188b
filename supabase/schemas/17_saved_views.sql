-- Saved views of the page of work: names for states of its address, a person's own or shared with the team.

create table public.work_views (
  id uuid primary key,
  owner uuid not null references public.profiles (user_id),
  name text not null constraint work_views_name_check check (length(name) between 1 and 60),
  -- of the address, without `?`
  query text not null constraint work_views_query_check
    check (length(query) <= 1000 and query ~ '^[A-Za-z0-9_.~=&%-]*$'),
  -- The team: everybody with a role in one of these areas, and handlers of one of these departments. Both are
  -- the maker's when it was shared.
  areas text[] not null default '{}',
  departments text[] not null default '{}',
  version integer not null default 1,
  changed_at timestamptz not null,
  constraint work_views_owner_name_key unique (owner, name)
);

-- Areas of the caller's valid memberships, without those below them. Handlers belong to their departments.
create or replace function private.member_area_codes()
returns text[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(distinct m.area_code), '{}')
  from public.memberships m
  where m.user_id = auth.uid() and m.role <> 'handler' and private.is_valid(m.valid_from, m.valid_to, now())
$$;
grant execute on function private.member_area_codes() to authenticated;

alter table public.work_views enable row level security;
grant select on public.work_views to authenticated;
create policy "People see their own views and those shared with their team"
on public.work_views for select to authenticated
using (
  owner = (select auth.uid())
  or areas && (select private.member_area_codes())::text[]
  or departments && (select private.scope_departments())::text[]
);

-- Admins may delete what is shared in their areas: its maker may have left.
create or replace function private.may_delete_view(p_view public.work_views, p_user uuid, p_at timestamptz)
returns boolean language sql stable set search_path = '' as $$
  select p_view.owner = p_user or exists (
    select from public.memberships m
    join public.areas a on a.code = m.area_code
    join public.areas own on own.code = any (p_view.areas)
    where m.user_id = p_user and m.role = 'admin' and private.is_valid(m.valid_from, m.valid_to, p_at)
      and private.is_within(own.path, a.path))
$$;

-- Raises WG002 with the present version: another device or person was faster.
create or replace function private.refuse_stale_view(p_view public.work_views)
returns void language plpgsql set search_path = '' as $$
begin
  raise exception 'conflict' using errcode = 'WG002', detail = jsonb_build_object('code', 'conflict',
    'server', jsonb_build_object('version', coalesce(p_view.version, 0), 'savedAt', p_view.changed_at,
      'savedByName', (select p.display_name from public.profiles p where p.user_id = p_view.owner)))::text;
end $$;

-- The command `save_view`: {id, baseVersion, name, query, isShared}. `baseVersion` is 0 for a new view, also for
-- one that was deleted. Rejections: not_allowed for another person's view, name_taken, too_many.
create or replace function private.save_view(p_actor uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_id constant uuid := private.payload_uuid(p_payload, 'id');
  v_base constant integer := private.payload_whole(p_payload, 'baseVersion', true, 0, 2147483647);
  v_name constant text := btrim(private.payload_text(p_payload, 'name', true, 60));
  v_query constant text := private.payload_text(p_payload, 'query', true, 1000);
  v_view public.work_views;
begin
  perform private.refuse_unknown_fields(p_payload, '{id,baseVersion,name,query,isShared}');
  if private.is_blank(v_name) then
    perform private.reject_command('missing_field', 'name');
  elsif v_query !~ '^[A-Za-z0-9_.~=&%-]*$' then
    perform private.reject_command('invalid_field', 'query', 'not the query of an address');
  elsif jsonb_typeof(p_payload -> 'isShared') is distinct from 'boolean' then
    perform private.reject_command('invalid_field', 'isShared', 'not true or false');
  elsif not exists (select from public.memberships m
    where m.user_id = p_actor and private.is_valid(m.valid_from, m.valid_to, p_at)) then
    perform private.reject_command('not_allowed');
  end if;
  select * into v_view from public.work_views v where v.id = v_id for update;
  if v_view.owner <> p_actor then
    perform private.reject_command('not_allowed', 'id');
  elsif coalesce(v_view.version, 0) <> v_base then
    perform private.refuse_stale_view(v_view);
  elsif exists (select from public.work_views v where v.owner = p_actor and v.name = v_name and v.id <> v_id) then
    perform private.reject_command('name_taken', 'name');
  elsif v_base = 0 and 100 <= (select count(*) from public.work_views v where v.owner = p_actor) then
    perform private.reject_command('too_many', 'id', '100');
  end if;
  insert into public.work_views (id, owner, name, query, areas, departments, version, changed_at)
  select v_id, p_actor, v_name, v_query,
    coalesce(array_agg(distinct m.area_code) filter (where m.role <> 'handler'), '{}'),
    coalesce(array_agg(distinct m.department_code) filter (where m.role = 'handler'), '{}'), v_base + 1, p_at
  from public.memberships m
  where m.user_id = p_actor and private.is_valid(m.valid_from, m.valid_to, p_at)
    and (p_payload -> 'isShared')::boolean
  on conflict (id) do update set name = excluded.name, query = excluded.query, areas = excluded.areas,
    departments = excluded.departments, version = excluded.version, changed_at = excluded.changed_at;
  return jsonb_build_object('version', v_base + 1);
end $$;

-- The command `delete_view`: {id, baseVersion}. Rejections: not_allowed.
create or replace function private.delete_view(p_actor uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_id constant uuid := private.payload_uuid(p_payload, 'id');
  v_base constant integer := private.payload_whole(p_payload, 'baseVersion', true, 1, 2147483647);
  v_view public.work_views;
begin
  perform private.refuse_unknown_fields(p_payload, '{id,baseVersion}');
  select * into v_view from public.work_views v where v.id = v_id for update;
  if found and private.may_delete_view(v_view, p_actor, p_at) is not true then
    perform private.reject_command('not_allowed', 'id');
  elsif found and v_view.version <> v_base then
    perform private.refuse_stale_view(v_view);
  end if;
  delete from public.work_views v where v.id = v_id;
  return jsonb_build_object('version', v_base);
end $$;

create or replace function private.work_view_list()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'name', v.name, 'query', v.query,
    'isShared', v.areas <> '{}' or v.departments <> '{}', 'isOwn', v.owner = u.id,
    'ownerName', p.display_name, 'canDelete', private.may_delete_view(v, u.id, now()), 'version', v.version)
    order by v.owner = u.id desc, lower(v.name), v.name collate "C", v.id), '[]')
  from private.require_user() as u (id)
  join public.work_views v on v.owner = u.id or v.areas && private.member_area_codes()
    or v.departments && private.scope_departments()::text[]
  join public.profiles p on p.user_id = v.owner
$$;

-- The caller's saved views of the page of work, then those that others share with them.
-- Returns `[{id, name, query, isShared, isOwn, ownerName, canDelete, version}]`; `query` is the page's address
-- after `?`. Commands `save_view` and `delete_view` change them.
-- Errors: 42501.
create or replace function public.work_view_list() returns jsonb
language sql stable set search_path = '' as $$ select private.work_view_list() $$;
grant execute on function private.work_view_list(), public.work_view_list() to authenticated;
