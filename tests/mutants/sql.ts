import { breaksOf } from './mutant.ts'

const test = (name: string): string => `supabase/tests/${name}.test.ts`
const policies = [test('policies')]
const matrix = [test('matrix')]
const onIncidents = [test('field-commands')]
const commands = [test('commands')]
const photos = [test('photos')]
const imports = [test('import-incidents')]
const storage = [test('storage')]
const columns = [test('read/columns')]
const changes = [test('read/changes')]
const words = [test('words')]
const reads = [test('field-reads')]
const settings = [test('settings')]
const findings = [test('findings')]

const rights = breaksOf('migrations', policies, [
  {
    name: 'an ended role goes on showing its areas',
    find: `and (p_roles is null or m.role = any (p_roles))
    and private.is_valid(m.valid_from, m.valid_to, now())`,
    replace: 'and (p_roles is null or m.role = any (p_roles))',
  },
  {
    name: 'an ended handler goes on seeing the department',
    find: `and m.role = 'handler'
    and private.is_valid(m.valid_from, m.valid_to, now())`,
    replace: `and m.role = 'handler'`,
  },
  {
    name: 'a handler sees by area',
    find: `and m.role <> 'handler'
    and (p_roles`,
    replace: 'and (p_roles',
  },
  {
    name: 'path scope by LIKE',
    find: `(((p_path COLLATE "C") >= p_prefix) AND ((p_path COLLATE "C") < ("left"(p_prefix, '-1'::integer) || '0'::text)))`,
    replace: `(p_path like p_prefix || '%')`,
  },
  {
    name: 'path scope by the beginning of a code',
    find: `(((p_path COLLATE "C") >= p_prefix) AND ((p_path COLLATE "C") < ("left"(p_prefix, '-1'::integer) || '0'::text)))`,
    replace: `starts_with(p_path, rtrim(p_prefix, '/'))`,
  },
  {
    name: 'a role that has not begun is valid',
    find: `p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((p_from <= p_at) AND`,
    replace: `p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (true AND`,
  },
  {
    name: 'scope_key without the department',
    find: `concat_ws('|', m.role, a.path, m.department_code)`,
    replace: `concat_ws('|', m.role, a.path)`,
  },
  {
    name: 'scope_key with ended roles',
    find: `  where m.user_id = auth.uid()
    and private.is_valid(m.valid_from, m.valid_to, now())
$`,
    replace: `  where m.user_id = auth.uid()
$`,
  },
  {
    name: 'a field worker sees the people of the area',
    find: `where m.area_code = any (private.scope_area_codes('{grid_manager,leader,admin}'))`,
    replace: 'where m.area_code = any (private.scope_area_codes())',
  },
  {
    name: 'a field worker reads what surveys say',
    find: `v_codes constant text[] := private.scope_area_codes('{grid_manager,leader,admin}');`,
    replace: 'v_codes constant text[] := private.scope_area_codes();',
    tests: [test('surveys')],
  },
  {
    name: 'the log of incidents can be changed',
    find: 'before update or delete or truncate on public.incident_log',
    replace: 'before delete or truncate on public.incident_log',
  },
  {
    name: 'the log of incidents can be emptied',
    find: 'before update or delete or truncate on public.incident_log',
    replace: 'before update or delete on public.incident_log',
  },
  {
    name: 'areas of tomorrow are listed',
    find: `'pointOnSurface', jsonb_build_array(extensions.st_x(a.label_point), extensions.st_y(a.label_point))
  ) order by a.path collate "C"), '[]')
  from private.require_user(), private.city_today() as today, public.areas a
  where private.is_valid(a.valid_from, a.valid_to, today)`,
    replace: `'pointOnSurface', jsonb_build_array(extensions.st_x(a.label_point), extensions.st_y(a.label_point))
  ) order by a.path collate "C"), '[]')
  from private.require_user(), private.city_today() as today, public.areas a`,
  },
])

const writing = breaksOf('migrations', onIncidents, [
  {
    name: 'an ended role may still report',
    find: 'where m.user_id = auth.uid() and private.is_valid(m.valid_from, m.valid_to, p_at))',
    replace: 'where m.user_id = auth.uid())',
    tests: [`${test('commands')} -t a membership that has ended`],
  },
  {
    name: 'an ended membership may still write',
    find: `left join public.areas own on own.code = p_incident.area_code
  where m.user_id = auth.uid() and private.is_valid(m.valid_from, m.valid_to, p_at);`,
    replace: `left join public.areas own on own.code = p_incident.area_code
  where m.user_id = auth.uid();`,
  },
  {
    name: 'a handler of another department may write',
    find: `coalesce(bool_or(m.role = 'handler' and m.department_code = p_incident.department_code), false),`,
    replace: `coalesce(bool_or(m.role = 'handler'), false),`,
  },
  {
    name: 'a role gives rights in every area',
    find: `filter (where m.role <> 'handler' and private.is_within(own.path, a.path))`,
    replace: `filter (where m.role <> 'handler')`,
  },
  {
    name: 'everybody counts as the reporter',
    find: 'v_rights.is_reporter := coalesce(p_incident.reported_by = auth.uid(), false);',
    replace: 'v_rights.is_reporter := p_incident.reported_by is not null;',
  },
  {
    name: 'a report gives rights that no role gives any more',
    find: `and exists (
        select from private.role_rights o where o.may = r.may and o.role = any (v_all_roles))`,
    replace: '',
  },
  {
    name: 'a note needs no right',
    find: `v_rights.may_note := 'note' = any (v_may) or v_rights.sees and 'note' = any (v_may_anywhere);`,
    replace: 'v_rights.may_note := v_rights.sees;',
  },
  {
    name: 'who sees may ask',
    find: `v_rights.may_ask := 'ask' = any (v_may);`,
    replace: 'v_rights.may_ask := v_rights.sees;',
  },
  {
    name: 'who sees may correct',
    find: `v_rights.may_correct := 'correct' = any (v_may);`,
    replace: 'v_rights.may_correct := v_rights.sees;',
  },
  {
    name: 'an unseen incident can be written to',
    find: `if (v_locked.rights).sees is not true then
    perform private.reject_command('unknown_incident', 'incidentId');`,
    replace: `if (v_locked.incident).id is null then
    perform private.reject_command('unknown_incident', 'incidentId');`,
  },
  {
    name: 'a correction of somebody else keeps the rights of before',
    find: 'if v_actor is distinct from auth.uid() or v_at',
    replace: 'if v_at',
  },
  {
    name: 'a step composed after a correction that took its incident out of sight keeps the rights of before',
    find: 'if p_composed <= v_left then',
    replace: 'if true then',
  },
  {
    name: 'a photo may be added by who may not',
    find: `v_incident := v_locked.incident;
  if not (v_locked.rights).may_note then
    perform private.reject_command('not_allowed');
  end if;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'photo',`,
    replace: `v_incident := v_locked.incident;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'photo',`,
  },
  {
    name: 'a duplicate may be confirmed by who may not',
    find: `if not (v_locked.rights).may_note then
    perform private.reject_command('not_allowed');
  end if;
  if not private.is_open(v_incident.stage) then
    perform private.reject_command('incident_closed', 'incidentId');
  end if;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'confirmed',`,
    replace: `if not private.is_open(v_incident.stage) then
    perform private.reject_command('incident_closed', 'incidentId');
  end if;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'confirmed',`,
  },
  {
    name: 'a closed incident can be corrected',
    find: `  if not private.is_open(v_incident.stage) then
    perform private.reject_command('incident_closed', 'incidentId');
  end if;
  if v_incident.version <> v_base then`,
    replace: '  if v_incident.version <> v_base then',
  },
  {
    name: 'a correction of an old version is taken',
    find: 'if v_incident.version <> v_base then',
    replace: 'if v_incident.version < v_base then',
  },
  {
    name: 'a correction outside the city is stored',
    find: `if v_place.area_code is null then
      perform private.reject_command('outside_city');
    end if;`,
    replace: '',
  },
  {
    name: 'a replay has the rights of now',
    find: `v_may_report := private.has_right('report', v_at);`,
    replace: `v_may_report := private.has_right('report');`,
  },
  {
    name: 'a replay has the time of now',
    find: 'v_at timestamptz := least(p_received, clock_timestamp());',
    replace: 'v_at timestamptz := clock_timestamp();',
  },
  {
    name: 'a replay may come from the future',
    find: 'v_at timestamptz := least(p_received, clock_timestamp());',
    replace: 'v_at timestamptz := p_received;',
  },
  {
    name: 'a replay records refusals for want of a right',
    find: `if p_is_replay and v_record.error ->> 'code' in ('not_allowed', 'unknown_incident') then`,
    replace: `if p_is_replay and v_record.error ->> 'code' in ('unknown_incident') then`,
  },
  {
    name: 'a leader may report',
    find: `('handler', 'note'),`,
    replace: `('handler', 'note'), ('leader', 'report'),`,
    tests: [`${test('commands')} -t a report by the leader`],
  },
  {
    name: 'a replay by an unknown person is taken',
    find: 'if p_is_replay and not exists (select 1 from public.profiles p where p.user_id = v_actor) then',
    replace: 'if false then',
  },
])

const receipts = breaksOf('migrations', commands, [
  {
    name: 'a command sent again is applied again',
    find: `  if v_judged.settled is not null then
    return v_judged;
  end if;
  v_record.id := p_envelope.id;`,
    replace: `  if v_judged.settled ->> 'outcome' = 'rejected' then
    return v_judged;
  end if;
  v_judged.settled := null;
  v_record.id := p_envelope.id;`,
  },
  {
    name: 'the receipt of a repetition says applied',
    find: `case when p_is_replay and p_command.outcome = 'applied' then 'replayed' else p_command.outcome end`,
    replace: 'p_command.outcome',
  },
  {
    name: 'a known id with another payload is answered',
    find: `(v_known.type, v_known.hash, v_known.device_at, v_known.replaces)
    is distinct from (p_envelope.type, p_envelope.hash, p_envelope.at, p_envelope.replaces)`,
    replace: `(v_known.type, v_known.device_at, v_known.replaces)
    is distinct from (p_envelope.type, p_envelope.at, p_envelope.replaces)`,
  },
  {
    name: 'another person’s receipt is shown',
    find: 'if v_known.actor <> p_actor then',
    replace: 'if false then',
  },
  {
    name: 'a command of another person is taken',
    find: 'if p_envelope.actor <> p_actor then',
    replace: 'if false then',
  },
  {
    name: 'a report needs no right',
    find: 'if not p_may_report then',
    replace: 'if p_may_report is null then',
  },
  {
    name: 'a payload may nest without end',
    find: `length(p_payload) - length(translate(p_payload, '[{', '')) > 1000`,
    replace: `length(p_payload) - length(translate(p_payload, '[{', '')) > 1000000`,
  },
  {
    name: 'a call may hold 201 commands',
    find: 'if json_array_length(p_commands) > 200 then',
    replace: 'if json_array_length(p_commands) > 201 then',
  },
  {
    name: 'a call may hold more than a megabyte',
    find: 'if octet_length(p_commands::text) > 1048576 then',
    replace: 'if octet_length(p_commands::text) > 104857600 then',
  },
  {
    name: 'an incident that exists is stored again in another district',
    find: 'if exists (select 1 from public.incidents i where i.id = v_report.id) then',
    replace: 'if false then',
  },
  {
    name: 'two calls of one person run at once',
    find: `perform pg_advisory_xact_lock(hashtextextended('apply_commands ' || v_actor::text, 0));`,
    replace: '',
    onPostgres: true,
    tests: [`${test('commands')} -t four times at once`],
  },
  {
    name: 'a report outside the city is stored',
    find: `if v_report.area_code is null then
    perform private.reject_command('outside_city');
  end if;`,
    replace: '',
  },
  {
    name: 'commands of one call have one instant',
    find: `v_at := v_at + interval '1 microsecond';`,
    replace: '',
    tests: [test('command-batches')],
  },
  {
    name: 'the month of a report is that of Greenwich',
    find: `date_trunc('month', r.at at time zone city.time_zone)::date, r.actor`,
    replace: `date_trunc('month', r.at at time zone 'UTC')::date, r.actor`,
    tests: onIncidents,
  },
  {
    name: 'another person’s receipts are read again',
    find: 'from public.commands c where c.id = any (p_ids) and c.actor = v_user);',
    replace: 'from public.commands c where c.id = any (p_ids));',
    tests: reads,
  },
])

const grants = breaksOf('migrations', matrix, [
  ...(
    [
      ['public.areas', 'areas'],
      ['public.profiles', 'profiles'],
      ['public.memberships', 'memberships'],
      ['public.incidents', 'incidents'],
      ['public.incident_log', 'incident_log'],
      ['private.incident_moves', 'incident_moves'],
      ['public.commands', 'commands'],
      ['public.incident_photos', 'incident_photos'],
      ['public.photo_checks', 'photo_checks'],
      ['private.role_rights', 'role_rights'],
    ] as const
  ).map(([table, name]) => ({
    name: `no row level security on ${name}`,
    find: `alter table ${table} enable row level security;`,
    replace: '',
    tests: [`${test('matrix')} -t ${table}`],
  })),
  ...(
    [
      ['profiles', 'user_id = any ((select private.scope_people())::uuid[])'],
      [
        'memberships',
        `
  user_id = (select auth.uid())
  or area_code = any ((select private.scope_area_codes('{grid_manager,admin}'))::text[])
`,
      ],
      [
        'incidents',
        `
  area_code = any ((select private.scope_area_codes())::text[])
  or reported_by = (select auth.uid())
  or department_code = any ((select private.scope_departments())::text[])
`,
      ],
      [
        'incident_log',
        `exists (
  select 1 from public.incidents i
  where i.district_code = incident_log.district_code and i.id = incident_log.incident_id
)`,
      ],
      ['commands', 'actor = (select auth.uid())'],
      ['photo_checks', 'owner = (select auth.uid())'],
    ] as const
  ).map(([table, condition]) => ({
    name: `every row of ${table} is shown`,
    find: `using (${condition});`,
    replace: 'using (true);',
    tests: [`${test('matrix')} -t public.${table}`],
  })),
  {
    name: 'every row of incident_photos is shown',
    find: `using (
  owner = (select auth.uid())
  or (`,
    replace: `using (
  true
  or (`,
    tests: [`${test('matrix')} -t public.incident_photos`],
  },
  {
    name: 'unchecked photos are shown',
    find: '    and private.is_photo_checked(owner, hash, media_type)',
    replace: '',
    tests: [`${test('matrix')} -t public.incident_photos`],
  },
  {
    name: 'a leader sees memberships',
    find: `private.scope_area_codes('{grid_manager,admin}')`,
    replace: `private.scope_area_codes('{grid_manager,admin,leader}')`,
    tests: [`${test('matrix')} -t public.memberships`],
  },
  {
    name: 'signed-in people may insert incidents',
    find: `  public.incident_photos, public.photo_checks
to authenticated;`,
    replace: `  public.incident_photos, public.photo_checks
to authenticated; grant insert on public.incidents to authenticated;`,
  },
  {
    name: 'anon may read a table, were there a policy',
    find: `  public.incident_photos, public.photo_checks
to authenticated;`,
    replace: `  public.incident_photos, public.photo_checks
to authenticated; grant select on public.areas to anon;`,
  },
  {
    name: 'signed-in people may change a column',
    find: `  public.incident_photos, public.photo_checks
to authenticated;`,
    replace: `  public.incident_photos, public.photo_checks
to authenticated; grant update (display_name) on public.profiles to authenticated;`,
  },
  {
    name: 'EXECUTE on an owner’s function for signed-in people',
    find: 'grant execute on function private.photo_object_to_read(text) to authenticated;',
    replace: `grant execute on function private.photo_object_to_read(text) to authenticated;
grant execute on function private.missing_photos(uuid, text[]) to authenticated;`,
  },
  {
    name: 'EXECUTE on an owner’s function for everybody, refused inside',
    find: 'grant execute on function private.photo_object_to_read(text) to authenticated;',
    replace: `grant execute on function private.photo_object_to_read(text) to authenticated;
grant execute on function private.photos_to_read(uuid[], text[], text[]) to public;`,
  },
  {
    name: 'service_role may apply a replay',
    find: 'grant execute on function private.apply_commands(json), public.apply_commands(json) to authenticated;',
    replace: `grant execute on function private.apply_commands(json), public.apply_commands(json) to authenticated;
grant execute on function private.apply_commands_at(json, timestamptz, boolean) to service_role;`,
  },
  {
    name: 'anon may call a function of the API',
    find: 'grant execute on function private.apply_commands(json), public.apply_commands(json) to authenticated;',
    replace: `grant execute on function private.apply_commands(json), public.apply_commands(json) to authenticated;
grant execute on function public.apply_commands(json) to anon;`,
  },
  {
    name: 'CREATE on public for signed-in people',
    find: 'grant usage on schema public to anon, authenticated;',
    replace: 'grant usage, create on schema public to anon, authenticated;',
  },
  {
    name: 'the schema private is open to anon',
    find: 'grant usage on schema private to authenticated, service_role;',
    replace: 'grant usage on schema private to authenticated, service_role, anon;',
  },
  {
    name: 'new functions can be executed by everybody',
    find: 'alter default privileges revoke execute on functions from public;',
    replace: '',
  },
  ...(['tables', 'sequences', 'functions'] as const).map((kind) => ({
    name: `a Supabase gives new ${kind} of public away`,
    find: `alter default privileges in schema public revoke all on ${kind} from public, anon, authenticated;`,
    replace: '',
    tests: [test('supabase-defaults')],
  })),
  ...(['tables', 'sequences', 'functions'] as const).map((kind) => ({
    name: `a Supabase’s grants on ${kind} of before stay`,
    find: `revoke all on all ${kind} in schema public from public, anon, authenticated;`,
    replace: '',
    tests: [test('supabase-defaults')],
  })),
  {
    name: 'a Supabase lets everybody create in public',
    find: 'revoke create on schema public from public, anon, authenticated;',
    replace: '',
    tests: [test('supabase-defaults')],
  },
  {
    name: 'a function without a fixed search path',
    find: `create or replace function private.receipt(p_command public.commands, p_is_replay boolean)
returns jsonb language plpgsql stable set search_path = ''`,
    replace: `create or replace function private.receipt(p_command public.commands, p_is_replay boolean)
returns jsonb language plpgsql stable`,
    tests: [test('lints')],
  },
  {
    name: 'an owner’s function without a fixed search path',
    find: `FUNCTION private.apply_commands(p_commands json)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''`,
    replace: `FUNCTION private.apply_commands(p_commands json)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER`,
    tests: [test('lints')],
  },
])

const files = breaksOf('migrations', photos, [
  {
    name: 'a photo of any owner counts as one’s own',
    find: 'if p_owner = v_scope.user_id then',
    replace: 'if p_owner is not null then',
  },
  {
    name: 'an unchecked photo is read by others',
    find: `if not private.is_photo_checked(p_owner, p_hash, p_media_type) then
    return false;
  end if;`,
    replace: '',
  },
  {
    name: 'a photo of an unseen incident is read',
    find: `where p.owner = $1 and p.hash = $2 and %s) $q$, private.scope_condition(v_scope, 'i'))`,
    replace: `where p.owner = $1 and p.hash = $2 and coalesce(true, %s)) $q$, private.scope_condition(v_scope, 'i'))`,
  },
  {
    name: 'a photo is checked whatever the verdict',
    find: `where c.owner = p_owner and c.hash = p_hash and c.media_type = p_media_type and c.verdict = 'ok')`,
    replace: 'where c.owner = p_owner and c.hash = p_hash and c.media_type = p_media_type)',
  },
  {
    name: 'a photo is checked as any type',
    find: `where c.owner = p_owner and c.hash = p_hash and c.media_type = p_media_type and c.verdict = 'ok')`,
    replace: `where c.owner = p_owner and c.hash = p_hash and c.verdict = 'ok')`,
  },
  {
    name: 'a photo is checked for any owner',
    find: `where c.owner = p_owner and c.hash = p_hash and c.media_type = p_media_type and c.verdict = 'ok')`,
    replace: `where c.hash = p_hash and c.media_type = p_media_type and c.verdict = 'ok')`,
  },
  {
    name: 'photos_to_read without the verdict',
    find: `where c.owner = asked.owner and c.hash = asked.hash and c.media_type = asked.media_type
            and c.verdict = 'ok')`,
    replace:
      'where c.owner = asked.owner and c.hash = asked.hash and c.media_type = asked.media_type)',
  },
  {
    name: 'photos_to_read without the type',
    find: 'where c.owner = asked.owner and c.hash = asked.hash and c.media_type = asked.media_type',
    replace: 'where c.owner = asked.owner and c.hash = asked.hash',
  },
  {
    name: 'photos_to_read without the owner of the check',
    find: 'where c.owner = asked.owner and c.hash = asked.hash and c.media_type = asked.media_type',
    replace: 'where c.hash = asked.hash and c.media_type = asked.media_type',
  },
  {
    name: 'photos_to_read without the owner of the photo',
    find: 'where p.owner = asked.owner and p.hash = asked.hash and %s)',
    replace: 'where p.hash = asked.hash and %s)',
  },
  {
    name: 'photos_to_read in another order',
    find: 'order by asked.n)',
    replace: 'order by asked.n desc)',
  },
  {
    name: 'photos_to_read counts any owner as the caller',
    find: 'select array_agg(asked.owner = $4 or (',
    replace: 'select array_agg(asked.owner is not null or $4 is null or (',
  },
  {
    name: 'a good photo is refused later',
    find: `where known.verdict = excluded.verdict
    or excluded`,
    replace: `where known.verdict is not null
    or excluded`,
  },
  {
    name: 'a refused photo is taken at once',
    find: `or excluded.verdict = 'ok' and known.checked_at < excluded.checked_at - interval '10 minutes'`,
    replace: `or excluded.verdict = 'ok'`,
  },
  {
    name: 'a photo checked as another type is not asked for',
    find: 'on p.owner = c.owner and p.hash = c.hash and p.media_type = c.media_type',
    replace: 'on p.owner = c.owner and p.hash = c.hash',
  },
])

const buckets = breaksOf(
  'supabase/schemas/11_photos.sql',
  storage,
  [
    {
      name: 'the storage policy without its end anchor',
      find: String.raw`|| '/[0-9a-f]{64}\.(jpg|webp)$')`,
      replace: String.raw`|| '/[0-9a-f]{64}\.(jpg|webp)')`,
    },
    {
      name: 'the storage policy without its start anchor',
      find: `name ~ ('^' || (select auth.uid())::text`,
      replace: 'name ~ ((select auth.uid())::text',
    },
    {
      name: 'files are put below any id',
      find: `and name ~ ('^' || (select auth.uid())::text || '/`,
      replace: `and name ~ ('^[0-9a-f-]{36}/`,
    },
    {
      name: 'files are put into any bucket',
      find: `  with check (
    bucket_id = 'photos'
    and name`,
      replace: `  with check (
    name`,
    },
    {
      name: 'files of any bucket are read',
      find: `using (bucket_id = 'photos' and private.photo_object_to_read(name));`,
      replace: 'using (private.photo_object_to_read(name));',
    },
    {
      name: 'the bucket is public',
      find: `values ('photos', 'photos', false,`,
      replace: `values ('photos', 'photos', true,`,
    },
  ].map((one) => ({ ...one, onPostgres: true })),
)

const objects = breaksOf(
  'migrations',
  storage,
  [
    {
      name: 'the name of an object may end otherwise',
      find: String.raw`/[0-9a-f]{64}\.(jpg|webp)$'
    and private.photo_to_read(`,
      replace: String.raw`/[0-9a-f]{64}\.(jpg|webp)'
    and private.photo_to_read(`,
    },
    {
      name: 'the extension of an object means nothing',
      find: `case when right(p_name, 4) = '.jpg' then 'image/jpeg' else 'image/webp' end`,
      replace: `'image/jpeg'`,
    },
  ].map((one) => ({ ...one, onPostgres: true })),
)

const counting = breaksOf('migrations', columns, [
  {
    name: 'due minutes are rounded down',
    find: `ceil(date_part('epoch', w.due_at) / 60)`,
    replace: `floor(date_part('epoch', w.due_at) / 60)`,
  },
  {
    name: 'columns carry deadlines of held incidents',
    find: 'case when not i.on_hold then ceil(',
    replace: 'case when true then ceil(',
  },
  {
    name: 'the filter of deadlines takes held incidents',
    find: `private.is_open(d.stage) and not d.on_hold'`,
    replace: `private.is_open(d.stage)'`,
  },
  {
    name: 'the filter of deadlines looks at the second',
    find: `v_minute constant timestamptz := date_trunc('minute', now());`,
    replace: `v_minute constant timestamptz := now();`,
  },
  {
    name: 'months are counted over all areas',
    find: 'from public.incidents i where %1$s %3$s group by i.month',
    replace: 'from public.incidents i where coalesce(true, %1$s) %3$s group by i.month',
    tests: [test('read/scope')],
  },
  {
    name: 'columns of all areas are given',
    find: 'where i.month = any (%2$L::date[]) and %3$s',
    replace: 'where i.month = any (%2$L::date[]) and coalesce(true, %3$s)',
    tests: [test('read/scope')],
  },
  {
    name: 'a whole scope is seen in a part',
    find: 'select a.code from public.areas a except select unnest(v_scope.area_codes));',
    replace: `select a.code from public.areas a where a.level = 'city' except select unnest(v_scope.area_codes)) or cardinality(v_scope.area_codes) > 0;`,
    tests: [test('read/scope')],
  },
  {
    name: 'a stage is packed as its neighbour',
    find: '(array_position(private.stage_codes(), p_stage) - 1)',
    replace: 'array_position(private.stage_codes(), p_stage)',
    tests: words,
  },
  {
    name: 'the stages have another order',
    find: `ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text, 'closed'::text,`,
    replace: `ARRAY['reported'::text, 'dispatched'::text, 'filed'::text, 'handled'::text, 'closed'::text,`,
    tests: words,
  },
  {
    name: 'a handled incident is not open',
    find: `(p_stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text]))`,
    replace: `(p_stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text]))`,
    tests: words,
  },
  {
    name: 'on hold is not packed',
    find: 'CASE WHEN p_on_hold THEN 16 ELSE 0 END',
    replace: 'CASE WHEN p_on_hold THEN 0 ELSE 0 END',
    tests: words,
  },
  {
    name: 'minutes are packed as distances from the wrong month',
    find: 'f.minute - lag(f.minute, 1, 0) over w as step',
    replace: 'f.minute - lag(f.minute, 1, f.minute) over w as step',
  },
  {
    name: 'the packed rows are in another order',
    find: 'order by f.month, f.minute, f.id\n',
    replace: 'order by f.month, f.id\n',
  },
  {
    name: 'the records of a month are in another order',
    find: `string_agg(o.record, '' order by o.minute, o.id)`,
    replace: `string_agg(o.record, '' order by o.id)`,
    tests: [test('read/kept-columns')],
  },
  {
    name: 'the month of a closing is counted from the first month asked for',
    find: '- round((i.month - %5$L::date) / 30.436875::float8)::integer - 1)) end as closed_month,',
    replace: '- 1)) end as closed_month,',
  },
  {
    name: 'the minute is that of Greenwich',
    find: '(i.reported_at at time zone %1$L) - i.month::timestamp) / 60)))::integer as minute',
    replace: `(i.reported_at at time zone 'UTC') - i.month::timestamp) / 60)))::integer as minute`,
  },
  {
    name: 'the bytes of an area are swapped',
    find: `as hours,
        string_agg(set_byte('\\x00', 0, o.area >> 8), '') || string_agg(set_byte('\\x00', 0, o.area & 255), '') as area`,
    replace: `as hours,
        string_agg(set_byte('\\x00', 0, o.area & 255), '') || string_agg(set_byte('\\x00', 0, o.area >> 8), '') as area`,
  },
  {
    name: 'an open incident has a time to close',
    find: 'case when i.closed_at is null then 65535 else least(65534,',
    replace: 'case when i.closed_at is null then 0 else least(65534,',
  },
  {
    name: 'x and y are packed as each other',
    find: `string_agg(set_byte('\\x00', 0, o.qx >> 8), '') || string_agg(set_byte('\\x00', 0, o.qx & 255), '') as x`,
    replace: `string_agg(set_byte('\\x00', 0, o.qy >> 8), '') || string_agg(set_byte('\\x00', 0, o.qy & 255), '') as x`,
  },
  {
    name: 'a month of nobody is left out',
    find: 'from unnest(%L::date[]) m left join packed p on p.month = m',
    replace: 'from unnest(%L::date[]) m join packed p on p.month = m',
  },
  {
    name: '121 months are given',
    find: `v_months date[];
begin
  if p_months is null or cardinality(p_months) > 120`,
    replace: `v_months date[];
begin
  if p_months is null or cardinality(p_months) > 121`,
  },
  {
    name: 'an exempt answer counts as bad',
    find: `else format('not r.is_exempt and %s r.%I'`,
    replace: `else format('%s r.%I'`,
    tests: [test('ratings')],
  },
  {
    name: 'answers are taken from all days of closing',
    find: `format('r.closed_at < %L::timestamptz', (p_filter).closed_to)`,
    replace: `format('true', (p_filter).closed_to)`,
    tests: [test('ratings')],
  },
  {
    name: 'everybody sets targets',
    find: `elsif not private.may_edit_rules(p_actor, p_at) then
    perform private.reject_command('not_allowed');
  end if;
  if v_share is null`,
    replace: `end if;
  if v_share is null`,
    tests: [test('ratings')],
  },
  {
    name: 'words of other areas are read',
    find: `(r.area_code = any (v_areas) or r.asked_by = v_user)`,
    replace: `true`,
    tests: [test('ratings')],
  },
  {
    name: 'a burst by one caller is one of their device too',
    find: `where w.n >= 8 and w.is_shared`,
    replace: `where w.n >= 8`,
    tests: [test('ratings') + ' -t device'],
  },
  {
    name: 'a burst from one device may take two hours',
    find: `range between current row and interval '10 minutes' following)) w`,
    replace: `range between current row and interval '2 hours' following)) w`,
    tests: [test('ratings') + ' -t device'],
  },
  {
    name: 'held incidents are among the rows of handling',
    find: `'not i.on_hold and i.department_code is not null%s'`,
    replace: `'i.department_code is not null%s'`,
    tests: [test('rates') + ' -t held'],
  },
  {
    name: 'exempt incidents are among the rows of handling',
    find: `' where x.is_granted and x.closing = private.closing_of(x.district_code, x.incident_id))'`,
    replace: `' where false)'`,
    tests: [test('rates') + ' -t held'],
  },
  {
    name: 'the time of an earlier department is among the rows of handling',
    find: `' and c.kind = ''handle'' and c.department_code is not distinct from i.department_code)'`,
    replace: `' and c.kind = ''handle'')'`,
    tests: [test('rates') + ' -t held'],
  },
  {
    name: 'past its time and not handled is no late handling',
    find: `where replace(v, 'overdue', 'late') = any ((p_filter).handling)))`,
    replace: `where v = any ((p_filter).handling)))`,
    tests: [test('rates') + ' -t held'],
  },
  {
    name: 'a call that waits counts as unanswered on a board',
    find: `where q.way = 'callback' and not q.is_exempt and q.answer <> 128`,
    replace: `where q.way = 'callback' and not q.is_exempt`,
    tests: [test('evaluations')],
  },
  {
    name: 'a refused call counts as answered on a board',
    find: `count(*) filter (where q.answer < 128) as answered`,
    replace: `count(*) as answered`,
    tests: [test('evaluations')],
  },
  {
    name: 'the revision of a month is its count',
    find: `select concat_ws('.', p_count, coalesce(p_max, 0), coalesce(p_sum, 0))`,
    replace: `select concat_ws('.', p_count)`,
    tests: changes,
  },
])

const listening = breaksOf('migrations', changes, [
  {
    name: 'months of moves in other areas are shown',
    find: 'select v.month from private.incident_moves v where v.changed_xid >= $1 and v.changed_xid < $2 and %s',
    replace:
      'select v.month from private.incident_moves v where v.changed_xid >= $1 and v.changed_xid < $2 and coalesce(true, %s)',
  },
  {
    name: 'months changed in other areas are shown',
    find: 'select i.month from public.incidents i where i.changed_xid >= $1 and i.changed_xid < $2 and %s',
    replace:
      'select i.month from public.incidents i where i.changed_xid >= $1 and i.changed_xid < $2 and coalesce(true, %s)',
  },
  {
    name: 'who loses an incident is not told',
    find: `        union
        select v.month from private.incident_moves v where v.changed_xid >= $1 and v.changed_xid < $2 and %s`,
    replace: `        union
        select v.month from private.incident_moves v where v.changed_xid >= $1 and v.changed_xid < $2 and false and %s`,
  },
  {
    name: 'a cursor of the future is taken',
    find: `if v_start > v_settled.before_xid then
    v_start := null;
  end if;`,
    replace: '',
  },
  {
    name: 'a cursor of another database is taken',
    find: `if split_part(p_cursor, '.', 1) = split_part(v_cursor, '.', 1)
      and`,
    replace: 'if',
  },
  {
    name: 'a writer sets the mark of a change',
    find: 'new.changed_xid := pg_current_xact_id()::text::bigint;',
    replace: '',
  },
  {
    name: 'a writer sets the version',
    find: 'new.version := old.version + 1;',
    replace: '',
  },
  {
    name: 'the cursor passes over what is still open',
    find: `before_xid := least(before_xid, pg_current_xact_id_if_assigned()::text::bigint,
    pg_snapshot_xmax(v_snapshot)::text::bigint);`,
    replace: 'before_xid := pg_snapshot_xmax(v_snapshot)::text::bigint;',
    onPostgres: true,
    tests: [`${test('read/changes')} -t never misses`],
  },
  {
    name: 'the cursor waits for another database',
    find: `where a.backend_xid = o.xid::xid and a.datid <> v_here)`,
    replace: 'where a.backend_xid = o.xid::xid and a.datid is null)',
    onPostgres: true,
    tests: [test('read/open-transactions')],
  },
  {
    name: 'the cursor passes over its own database',
    find: `where a.backend_xid = o.xid::xid and a.datid <> v_here)`,
    replace: 'where a.backend_xid = o.xid::xid)',
    onPostgres: true,
    tests: [test('read/open-transactions')],
  },
  {
    name: 'waiting is never said',
    find: `case when v_settled.waits_since < now() - interval '1 minute'`,
    replace: `case when v_settled.waits_since < now() - interval '1 day'`,
    onPostgres: true,
    tests: [test('read/open-transactions')],
  },
])

const reading = breaksOf(
  'migrations',
  [test('read/list')],
  [
    {
      name: 'an incident outside the scope is told',
      find: `execute format('select i.* from public.incidents i where i.id = $1 and %s order by i.district_code limit 1',
    v_scope)`,
      replace: `execute format('select i.* from public.incidents i where i.id = $1 and coalesce(true, %s) order by i.district_code limit 1',
    v_scope)`,
      tests: [test('read/scope')],
    },
    {
      name: 'the list passes by the scope',
      find: `        from public.incidents i
        where %s and %s and %s
        order by`,
      replace: `        from public.incidents i
        where coalesce(true, %s) and %s and %s
        order by`,
      tests: [test('read/scope')],
    },
    {
      name: 'points pass by the scope',
      find: `and i.lon >= $1 and i.lon < $3 and i.lat > $2 and i.lat <= $4
        and %s and %s`,
      replace: `and i.lon >= $1 and i.lon < $3 and i.lat > $2 and i.lat <= $4
        and coalesce(true, %s) and %s`,
      tests: [test('read/scope')],
    },
    {
      name: 'a point on a border is in two tiles',
      find: 'and i.lon >= $1 and i.lon < $3 and i.lat > $2 and i.lat <= $4',
      replace: 'and i.lon >= $1 and i.lon <= $3 and i.lat >= $2 and i.lat <= $4',
      tests: [test('read/points')],
    },
    {
      name: 'the oldest of a crowded tile are shown',
      find: 'order by t.reported_at desc, t.id) as nth',
      replace: 'order by t.reported_at, t.id) as nth',
      tests: [test('read/points')],
    },
    {
      name: 'a stack thins out its neighbours',
      find: 'order by h.nth, h.reported_at desc, h.id limit 2000',
      replace: 'order by h.reported_at desc, h.id limit 2000',
      tests: [test('read/points')],
    },
    {
      name: 'the filter matches areas by the beginning of a code',
      find: 'where f.code = any (v_list) and starts_with(a.path, f.path)));',
      replace: `where f.code = any (v_list) and starts_with(a.path, rtrim(f.path, '/'))));`,
      tests: [test('read/filter')],
    },
    {
      name: 'an unknown part of the filter is let be',
      find: 'where k <> all (v_known) order by k limit 1;',
      replace: 'where k <> all (v_known) and false order by k limit 1;',
      tests: [test('read/filter')],
    },
    {
      name: 'a page repeats its last row',
      find: `case when v_order.descending then '<' else '>' end,`,
      replace: `case when v_order.descending then '<=' else '>=' end,`,
    },
    {
      name: 'a page of 201 rows is given',
      find: `perform private.require_user();
  if v_limit not between 1 and 200 then`,
      replace: `perform private.require_user();
  if v_limit not between 1 and 201 then`,
      tests: [test('queues')],
    },
    {
      name: 'one’s day shows the reports of all',
      find: 'where i.reported_by = v_user\n',
      replace: 'where i.reported_by is not null\n',
      tests: reads,
    },
    {
      name: 'unchecked photos of others come with an incident',
      find: 'and (c.hash is not null or p.owner = p_user)',
      replace: '',
      tests: reads,
    },
    {
      name: 'the photo of a row is unchecked',
      find: 'and (p.owner = p_user or private.is_photo_checked(p.owner, p.hash, p.media_type))',
      replace: '',
      tests: photos,
    },
  ],
)

const wholeBatches = breaksOf(
  'migrations',
  [test('import-whole-batches')],
  [
    {
      name: 'what a whole batch refers to may go meanwhile',
      find: 'lock table public.areas, public.categories, public.departments, public.workflow_stages in share mode;',
      replace: 'null;',
      onPostgres: true,
    },
    {
      name: 'a whole batch refers to what is not there',
      find: `if v_result ->> 'lost' is not null then`,
      replace: 'if false then',
    },
    {
      name: 'a batch loses a row without a word',
      find: `if v_result -> 'counted' <> v_result -> 'given' then`,
      replace: 'if false then',
    },
    {
      name: 'open incidents of a whole batch are in no queue',
      find: "where v_as_a_whole and r.verdict = 'store' and private.is_open(r.stage)",
      replace: 'where false',
    },
    {
      name: 'each row of a batch meets each other row',
      find: "SET enable_nestloop TO 'off'",
      replace: '',
      onPostgres: true,
    },
    {
      name: 'imported places are cut down to the lattice, not rounded',
      find: 'case when j.x - floor(j.x) >= 0.5 then 1 else 0 end',
      replace: '0',
    },
    {
      name: 'reports of a whole batch wait for no verification',
      find: 'coalesce(v.to_verify, false) as to_verify',
      replace: 'false as to_verify',
    },
    {
      name: 'triggers rest on after a whole batch',
      find: `perform set_config('session_replication_role', v_role, true);`,
      replace: 'null;',
    },
    {
      name: 'the index of ids rests although its source has rows',
      find: 'v_is_new constant boolean := p_stored = (select count(*) from public.incidents i where i.source = p_source);',
      replace: 'v_is_new constant boolean := true;',
    },
    {
      name: 'the rows of a month are scattered over the table',
      find: 'order by i."reportedAt"\n    returning 1',
      replace: 'returning 1',
    },
    {
      name: 'indexes rest for ever',
      find: 'insert into private.resting_indexes (name, definition) values (v_index.name, v_index.definition);',
      replace: 'null;',
    },
  ],
)

const rejects = breaksOf('migrations', imports, [
  ...(
    [
      ['no id', `coalesce(i.id, '') = '' or i.hash is null then`, 'false then'],
      ['a long id', 'length(i.id) > 200 then', 'false then'],
      [
        'a category with leaves',
        'where not exists (select from public.categories d where d.parent_code = c.code));',
        ');',
      ],
      ['an unknown department', 'i.department <> all (v_departments) then', 'false then'],
      [
        'a closed stage without its time',
        `or (i.stage = 'closed') <> (i."closedAt" is not null) then`,
        'then',
      ],
      ['an unknown stage', 'i.stage is null or i.stage <> all (private.stage_codes())', 'false'],
      ['a severity of 9', 'i.severity not between 1 and 4 then', 'false then'],
      [
        'a place beyond the globe',
        '(i.lon between -180 and 180 and i.lat between -90 and 90) is not true then',
        '(i.lon is null or i.lat is null) then',
      ],
      ['no date', `i."reportedAt" is null or not isfinite(i."reportedAt") then`, 'false then'],
      ['a report of the future', `i."reportedAt" > now() and isfinite`, 'false and isfinite'],
      ['a closing before the report', 'i."closedAt" < i."reportedAt" then', 'false then'],
      ['a closing of the future', 'i."closedAt" > now() then', 'false then'],
      ['a long description', 'length(i.description) > 10000 then', 'false then'],
      ['a long address', 'length(i.address) > 500 then', 'false then'],
      ['a long channel', 'length(i.channel) > 100 then', 'false then'],
    ] as const
  ).map(([what, find, replace]) => ({
    name: `the import takes ${what}`,
    find,
    replace,
    tests: [`${test('import-incidents')} -t at the door of the database`],
  })),
  {
    name: 'the import stores rows outside the city',
    find: `when p.area_code is null then 'outside_city'`,
    replace: `when p.area_code is null then 'unchanged'`,
  },
  {
    name: 'the import overwrites without update',
    find: `when not p_update then 'changed_content'`,
    replace: `when p_update is null then 'changed_content'`,
  },
  {
    name: 'the import overwrites what was done here',
    find: `when k.last_kind not in ('imported', 'import_updated') then 'changed_here'`,
    replace: '',
  },
  {
    name: 'the import places points in any order',
    find: `select array_agg(n order by n) as ns, array_agg(lon order by n) as lons,
        array_agg(lat order by n) as lats`,
    replace: `select array_agg(n order by n) as ns, array_agg(lon order by n desc) as lons,
        array_agg(lat order by n desc) as lats`,
  },
  {
    name: 'a border belongs to the highest code',
    find: 'order by hit.n, b.depth desc, b.code collate "C"',
    replace: 'order by hit.n, b.depth desc, b.code collate "C" desc',
  },
  {
    name: 'a redrawn boundary moves nothing',
    find: 'where i.district_code = c.district_code and i.id = c.id and c.area_code <> p.area_code',
    replace: 'where i.district_code = c.district_code and i.id = c.id and false',
  },
])

const generating = breaksOf(
  'migrations',
  [test('import-demo.long')],
  [
    {
      name: 'a step of the demo is not marked',
      find: 'update public.commands c set is_generated = true where c.id = any (v_ids);',
      replace: '',
    },
    {
      name: 'what people did on an incident of the demo is undone',
      find: `and l.actor is not null
        and c.is_generated is not true`,
      replace: 'and false',
    },
    {
      name: 'the log can be changed after the demo was moved',
      find: 'alter table public.incident_log enable trigger refuse_log_change;',
      replace: '',
    },
  ],
)

const onFoot = breaksOf(
  'migrations',
  [`${test('queues')} -t one list for the phone`],
  [
    {
      name: 'a task is listed without a step to take',
      find: `where own.steps <> '[]'));`,
      replace: 'where true));',
    },
    {
      name: 'tasks given by name stand among the rest',
      find: `order by coalesce((f.w).assignee = $2, false) desc,`,
      replace: 'order by ',
    },
    {
      name: 'tasks left out are not told',
      find: `'more', coalesce(cardinality(v_ids) > v_limit, false)`,
      replace: `'more', false`,
    },
  ],
)

const marking = breaksOf('migrations', findings, [
  {
    name: 'field staff mark findings',
    find: `p_user, p_at) && '{grid_manager,leader,admin}' then`,
    replace: `p_user, p_at) <> '{}' then`,
  },
  {
    name: 'a handler finishes the follow-up of another department',
    find: `when 'handler' then m.department_code = p_department`,
    replace: `when 'handler' then true`,
  },
  {
    name: 'a finished follow-up is finished again',
    find: `elsif v_task.finished_at is not null then`,
    replace: `elsif false then`,
  },
  {
    name: 'a finding stays aside after its day',
    find: `(d.until_day is null or d.until_day >= private.city_today())`,
    replace: `true`,
  },
])

const settling = breaksOf('migrations', settings, [
  {
    name: 'everybody sees a saved view',
    find: `((owner = ( SELECT auth.uid() AS uid)) OR`,
    replace: `(true OR`,
  },
  {
    name: 'anybody changes a saved view',
    find: `if v_view.owner <> p_actor then`,
    replace: `if false then`,
  },
  {
    name: 'anybody saves dispatch rules',
    find: `  if v_areas = '{}' then
    perform private.reject_command('not_allowed');`,
    replace: `  if false then
    perform private.reject_command('not_allowed');`,
  },
  {
    name: 'a manager changes the rules of another area',
    find: `select min(f.position) filter (where f.content is distinct from v_present[f.n]), count(*)`,
    replace: `select min(f.position) filter (where false), count(*)`,
  },
  {
    name: 'a manager removes the rules of another area',
    find: `elsif v_kept <> cardinality(v_present) then`,
    replace: `elsif false then`,
  },
  {
    name: 'a manager whose time ended edits rules',
    find: `where m.user_id = p_user and m.role in ('grid_manager', 'admin')
        and private.is_valid(m.valid_from, m.valid_to, p_at)`,
    replace: `where m.user_id = p_user and m.role in ('grid_manager', 'admin')`,
  },
  {
    name: 'a manager tries rules on the incidents of all areas',
    find: `and (v_areas is null or i.area_code = any (v_areas))`,
    replace: '',
  },
  {
    name: 'a stale list of rules overwrites a newer one',
    find: `if coalesce(v_list.version, 0) <> v_base then`,
    replace: `if false then`,
  },
  {
    name: 'a rule names a handler of another department',
    find: `if v_handler is not null and not private.is_handler_of(v_rule.handler, v_rule.department_code, p_at)`,
    replace: `if false`,
  },
  {
    name: 'a handler who has left is proposed',
    find: `'handler', case when private.is_handler_of(r.handler, r.department_code, p_at) then r.handler end`,
    replace: `'handler', r.handler`,
  },
  {
    name: 'the last rule that fits wins',
    find: `    order by r.position limit 1
  ) r on true`,
    replace: `    order by r.position desc limit 1
  ) r on true`,
  },
  {
    name: 'the end of a rule’s hours is included',
    find: `((p_hour >= p_from) AND (p_hour < p_to)) ELSE`,
    replace: `((p_hour >= p_from) AND (p_hour <= p_to)) ELSE`,
  },
  {
    name: 'a trial reads the hours of UTC',
    find: `extract(hour from i.reported_at at time zone city.time_zone)`,
    replace: `extract(hour from i.reported_at at time zone 'UTC')`,
  },
])

const keysMoving = breaksOf(
  'migrations',
  [test('shard-level')],
  [
    {
      name: 'a new key counts as a change of the incident',
      find: `execute format('alter table %s disable trigger user', v_table.name);`,
      replace: 'null;',
    },
    {
      name: 'triggers rest on after keys moved',
      find: `execute format('alter table %s enable trigger user', v_table.name);`,
      replace: 'null;',
    },
    {
      name: 'what was merged keeps its key',
      find: 'join public.incidents c on c.district_code = r.district_code and c.parent_id = r.id',
      replace:
        'join public.incidents c on false and c.district_code = r.district_code and c.parent_id = r.id',
    },
    {
      name: 'nobody looks again at what changed behind the move',
      find: 'finished_at = case when v_last is null and m.pass_moved = 0 then clock_timestamp() end',
      replace: 'finished_at = case when v_last is null then clock_timestamp() end',
    },
    {
      name: 'a level without areas may be chosen',
      find: `where a.level = p_level and private.is_valid(a.valid_from, a.valid_to, today)) then 'no_areas'`,
      replace: `where private.is_valid(a.valid_from, a.valid_to, today)) then 'no_areas'`,
    },
  ],
)

export const sqlMutants = [
  ...keysMoving,
  ...marking,
  ...settling,
  ...rights,
  ...writing,
  ...receipts,
  ...grants,
  ...files,
  ...buckets,
  ...objects,
  ...counting,
  ...listening,
  ...reading,
  ...wholeBatches,
  ...rejects,
  ...generating,
  ...onFoot,
]
