-- Tables, constraints and indexes. For sharding, district_code comes first in the primary and foreign keys
-- of tables that grow with incidents.

create schema if not exists extensions;
create extension if not exists postgis with schema extensions;
create schema if not exists private;

-- Closes everything until a grant opens it: a Supabase gives new objects in public to anon. EXECUTE for
-- everybody is a global default and needs a global statement.

alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on tables from public, anon, authenticated;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated;
alter default privileges in schema public revoke all on functions from public, anon, authenticated;
alter default privileges in schema private revoke all on tables from public, anon, authenticated;
alter default privileges in schema private revoke all on sequences from public, anon, authenticated;
alter default privileges in schema private revoke all on functions from public, anon, authenticated;

revoke all on all tables in schema public from public, anon, authenticated;
revoke all on all sequences in schema public from public, anon, authenticated;
revoke all on all functions in schema public from public, anon, authenticated;
revoke create on schema public from public, anon, authenticated;
revoke all on schema private from public, anon;
grant usage on schema public to anon, authenticated;
grant usage on schema private to authenticated, service_role;

-- Stages in the order of their packed bytes, as in src/domain/vocabulary.ts. Postgres inlines these parsed
-- bodies, so that partial indexes match.
create or replace function private.stage_codes()
returns text[] language sql immutable parallel safe
return array['reported', 'filed', 'dispatched', 'handled', 'closed', 'rejected', 'merged'];

-- Somebody must act. incidents_open_idx repeats the list.
create or replace function private.is_open(p_stage text)
returns boolean language sql immutable parallel safe
return p_stage in ('reported', 'filed', 'dispatched', 'handled');

-- Place in the order, plus 16 when on hold.
create or replace function private.stage_byte(p_stage text, p_on_hold boolean)
returns integer language sql immutable parallel safe
return (array_position(private.stage_codes(), p_stage) - 1) | case when p_on_hold then 16 else 0 end;

-- 0 for the city to 4 for the grid; null when unknown.
create or replace function private.level_rank(p_level text)
returns integer language sql immutable parallel safe
return array_position(array['city', 'district', 'subdistrict', 'community', 'grid'], p_level) - 1;

create table public.city_settings (
  singleton boolean primary key default true check (singleton),
  instance_id uuid not null default gen_random_uuid(),
  name text not null check (length(name) between 1 and 200),
  locale text not null default 'zh-CN',
  time_zone text not null,
  west double precision not null,
  south double precision not null,
  east double precision not null,
  north double precision not null,
  -- level of the area that is the shard key; changed by schemas/31_shard_level.sql
  shard_level text not null default 'city'
    constraint city_settings_shard_level_check check (shard_level in ('city', 'district', 'subdistrict', 'community')),
  basemap_url text,
  basemap_attribution text,
  is_demo boolean not null default false,
  created_at timestamptz not null default now(),
  -- restores with a journal; part of every cursor
  restores integer not null default 0,
  -- the demo city, and weeks added to its dates
  demo_id text,
  demo_weeks integer check (demo_weeks >= 0),
  -- last local day of its data, after the move
  demo_until date,
  constraint city_settings_demo_check
    check (is_demo or (demo_id is null and demo_weeks is null and demo_until is null)),
  check (west < east and south < north and west >= -180 and east <= 180 and south >= -90 and north <= 90)
);

create table public.areas (
  code text primary key check (code ~ '^[A-Za-z0-9_.-]{1,40}$'),
  -- index in the packed columns; never reused
  idx integer generated always as identity unique check (idx between 1 and 65534),
  parent_code text references public.areas (code),
  path text not null unique,
  level text not null check (private.level_rank(level) is not null),
  name text not null check (length(name) between 1 and 200),
  households integer check (households >= 0),
  geom extensions.geometry(MultiPolygon, 4326) not null,
  valid_from date not null default '1900-01-01',
  valid_to date,
  revision bigint not null default 1,
  -- stored: computing it takes milliseconds a polygon
  label_point extensions.geometry(Point, 4326)
    generated always as (extensions.st_pointonsurface(geom)) stored,
  check (right(path, 1) = '/'),
  check (valid_to is null or valid_to > valid_from),
  check (code <> parent_code)
);
create index areas_geom_idx on public.areas using gist (geom);
create index areas_parent_idx on public.areas (parent_code);
create index areas_path_idx on public.areas (path collate "C");

create table public.departments (
  code text primary key check (code ~ '^[a-z0-9_]{1,40}$'),
  name_zh text not null,
  name_en text not null
);

create table public.categories (
  code text primary key check (code ~ '^[a-z0-9_]{1,60}$'),
  idx smallint generated always as identity unique check (idx between 1 and 254),
  parent_code text references public.categories (code),
  path text not null unique check (right(path, 1) = '/'),
  class text not null check (class in ('event', 'component', 'service', 'dispute', 'proposal')),
  name_zh text not null,
  name_en text not null,
  icon text not null,
  color text not null check (color ~ '^#[0-9a-f]{6}$'),
  default_department text references public.departments (code),
  sort integer not null default 0,
  -- an open incident within it is offered as a duplicate; 0: never
  duplicate_radius_meters integer not null default 30
    check (duplicate_radius_meters between 0 and 500),
  requires_description boolean not null default false,
  -- of its incidents
  workflow_code text not null default 'event'
);
create index categories_parent_idx on public.categories (parent_code);
create index categories_department_idx on public.categories (default_department);

-- Incidents move by workflows: schemas/12_workflow.sql.
create table public.workflows (
  code text primary key check (code ~ '^[a-z0-9_]{1,40}$'),
  name_zh text not null,
  name_en text not null,
  first_state text not null,
  -- reports of all other channels are verified before they are filed; null: none are
  trusted_channels text[] default '{app}',
  -- after closing
  reopen_days integer not null default 30 check (reopen_days between 0 and 3650),
  max_extensions integer not null default 2 check (max_extensions between 0 and 9),
  sort integer not null default 0,
  -- after a closing, residents are asked within these days
  rating_days integer not null default 14
    constraint workflows_rating_days_check check (rating_days between 1 and 365),
  -- on the answer that nothing is solved: reopen at once, ask a person within this time, or do nothing
  unsolved text not null default 'ask' constraint workflows_unsolved_check check (unsolved in ('reopen', 'ask', 'none')),
  unsolved_amount numeric not null default 1,
  unsolved_unit text not null default 'work_day'
);

create table public.workflow_stages (
  workflow text not null references public.workflows (code) on delete cascade,
  code text not null check (code ~ '^[a-z0-9_]{1,40}$'),
  stage text not null check (stage = any (private.stage_codes())),
  -- which limit runs here
  clock text check (clock in ('accept', 'verify', 'file', 'dispatch', 'handle', 'check')),
  name_zh text not null,
  name_en text not null,
  sort integer not null default 0,
  primary key (workflow, code)
);
alter table public.workflows add constraint workflows_first_state_fkey
  foreign key (code, first_state) references public.workflow_stages (workflow, code)
  deferrable initially deferred;
create index workflows_first_state_idx on public.workflows (code, first_state);

create table public.workflow_transitions (
  workflow text not null,
  from_state text not null,
  name text not null check (name ~ '^[a-z0-9_]{1,40}$'),
  -- of several under one name the first whose choice and guards hold is taken
  sort integer not null default 0,
  -- null: stays
  to_state text,
  -- `handler`: of the incident's department; `reporter`: who reported it
  roles text[] not null check (roles <> '{}' and
    roles <@ '{field_staff,handler,grid_manager,leader,admin,reporter}'::text[]),
  guards text[] not null default '{}',
  effects text[] not null default '{}',
  -- moves on only when every transition of this gate was taken
  gate text,
  -- taken when the field has this value
  choice_field text,
  choice_value text,
  tone text not null default 'neutral' check (tone in ('primary', 'neutral', 'danger')),
  can_undo boolean not null default false,
  name_zh text not null,
  name_en text not null,
  primary key (workflow, from_state, name, sort),
  foreign key (workflow, from_state) references public.workflow_stages (workflow, code) on delete cascade,
  foreign key (workflow, to_state) references public.workflow_stages (workflow, code),
  check ((choice_field is null) = (choice_value is null)),
  check (gate is null or to_state is not null)
);
create index workflow_transitions_to_idx on public.workflow_transitions (workflow, to_state);

-- The fields of a transition, in its command and in its form.
create table public.workflow_fields (
  workflow text not null references public.workflows (code) on delete cascade,
  transition text not null,
  name text not null check (name ~ '^[a-zA-Z][a-zA-Z0-9]{0,39}$'
    and name not in ('incidentId', 'baseVersion', 'name', 'deviceAt')),
  kind text not null check (kind in ('text', 'boolean', 'choice', 'whole', 'instant', 'photos', 'department',
    'handler', 'assignee', 'condition', 'incident', 'milestone')),
  is_required boolean not null default false,
  -- required when the filing condition wants photos after, or when the category has several conditions
  required_when text check (required_when in ('after_photos', 'several_conditions')),
  -- of a choice
  choices text[],
  -- of a whole number; of a text the most characters
  least integer,
  most integer,
  label_zh text not null,
  label_en text not null,
  sort integer not null default 0,
  -- words of `choices`, in their order; null: the codes stand for themselves
  choices_zh text[],
  choices_en text[],
  primary key (workflow, transition, name),
  check ((kind = 'choice') = (choices is not null)),
  -- keys of the log entry that the fields stand in
  constraint workflow_fields_reserved_check check (name not in ('from', 'to', 'deviceClockSuspect')),
  -- the engine reads these names as this kind
  constraint workflow_fields_named_kind_check check (case name
    when 'note' then kind = 'text'
    when 'photos' then kind = 'photos'
    when 'department' then kind = 'department'
    when 'handler' then kind = 'handler'
    when 'assignee' then kind = 'assignee'
    when 'condition' then kind = 'condition'
    when 'into' then kind = 'incident'
    when 'milestone' then kind = 'milestone'
    when 'until' then kind = 'instant'
    when 'replyBy' then kind = 'instant'
    when 'level' then kind = 'whole'
    else true end),
  constraint workflow_fields_choice_names_check check (choices_zh is null and choices_en is null
    or cardinality(choices_zh) = cardinality(choices) and cardinality(choices_en) = cardinality(choices))
);

-- A filing condition turns a report into a case and gives it limits and a department. Several per category.
create table public.filing_conditions (
  code text primary key check (code ~ '^[a-z0-9_]{1,80}$'),
  category_code text not null references public.categories (code),
  name_zh text not null check (length(name_zh) between 1 and 500),
  name_en text not null check (length(name_en) between 1 and 500),
  -- when it counts as put right
  closing_zh text not null default '' check (length(closing_zh) <= 2000),
  closing_en text not null default '' check (length(closing_en) <= 2000),
  department_code text references public.departments (code),
  needs_after_photos boolean not null default false,
  allows_self_handling boolean not null default false,
  is_active boolean not null default true,
  sort integer not null default 0
);
create index filing_conditions_category_idx on public.filing_conditions (category_code, sort);
create index filing_conditions_department_idx on public.filing_conditions (department_code);

-- Areas and hours in which nothing is filed, with a tip that says why.
create table public.filing_controls (
  code text primary key check (code ~ '^[a-z0-9_]{1,80}$'),
  -- null: everywhere
  area_code text references public.areas (code),
  -- with all below it; null: all
  category_code text references public.categories (code),
  -- 1 is Monday, 7 is Sunday
  weekdays smallint[] not null default '{1,2,3,4,5,6,7}'
    constraint filing_controls_weekdays_check
      check (weekdays <> '{}' and weekdays <@ '{1,2,3,4,5,6,7}'::smallint[]),
  -- minutes after midnight by the city's clocks; the end is excluded
  from_minute integer not null default 0,
  to_minute integer not null default 1440,
  tip_zh text not null check (length(tip_zh) between 1 and 500),
  tip_en text not null check (length(tip_en) between 1 and 500),
  is_active boolean not null default true,
  constraint filing_controls_minutes_check
    check (from_minute >= 0 and from_minute < to_minute and to_minute <= 1440)
);
create index filing_controls_area_idx on public.filing_controls (area_code);
create index filing_controls_category_idx on public.filing_controls (category_code);

-- Limits of a workflow's clocks, and those of a condition, which win once it is chosen.
create table public.workflow_limits (
  workflow text not null references public.workflows (code) on delete cascade,
  clock text not null check (clock in ('accept', 'verify', 'file', 'dispatch', 'handle', 'check')),
  amount numeric not null,
  unit text not null,
  day_rule text not null default 'hours',
  primary key (workflow, clock)
);

create table public.condition_limits (
  condition text not null references public.filing_conditions (code) on delete cascade,
  clock text not null check (clock in ('accept', 'verify', 'file', 'dispatch', 'handle', 'check')),
  amount numeric not null,
  unit text not null,
  day_rule text not null default 'hours',
  primary key (condition, clock)
);

-- Steps of handling with a clock of their own from the dispatch on.
create table public.condition_milestones (
  condition text not null references public.filing_conditions (code) on delete cascade,
  code text not null check (code ~ '^[a-z0-9_]{1,40}$'),
  name_zh text not null,
  name_en text not null,
  amount numeric not null,
  unit text not null,
  day_rule text not null default 'hours',
  sort integer not null default 0,
  primary key (condition, code)
);

create table public.profiles (
  user_id uuid primary key,
  display_name text not null check (length(display_name) between 1 and 100),
  locale text,
  created_at timestamptz not null default now()
);

create table public.memberships (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.profiles (user_id),
  role text not null check (role in ('field_staff', 'handler', 'grid_manager', 'leader', 'admin')),
  area_code text not null references public.areas (code),
  department_code text references public.departments (code),
  valid_from timestamptz not null default now(),
  valid_to timestamptz,
  check ((role = 'handler') = (department_code is not null)),
  unique nulls not distinct (user_id, role, area_code, department_code)
);
create index memberships_user_idx on public.memberships (user_id);
create index memberships_area_idx on public.memberships (area_code);
create index memberships_department_idx on public.memberships (department_code);

-- The last serial number of each year, by the city's clocks.
create table private.case_counters (
  year integer primary key,
  last integer not null check (last between 1 and 999999999)
);

create table public.incidents (
  district_code text not null references public.areas (code),
  id uuid not null,
  category_code text not null references public.categories (code),
  -- the deepest area that holds the point; on a border the lowest code
  area_code text not null references public.areas (code),
  department_code text references public.departments (code),
  stage text not null default 'reported'
    check (stage = any (private.stage_codes())),
  on_hold boolean not null default false,
  severity smallint not null default 2 check (severity between 1 and 4),
  lon double precision not null check (lon between -180 and 180),
  lat double precision not null check (lat between -90 and 90),
  geom extensions.geometry(Point, 4326) generated always as
    (extensions.st_setsrid(extensions.st_makepoint(lon, lat), 4326)) stored,
  -- place on the city's box, 0..65535, as in the packed columns
  qx integer not null check (qx between 0 and 65535),
  qy integer not null check (qy between 0 and 65535),
  description text not null default '' check (length(description) <= 10000),
  address_label text not null default '' check (length(address_label) <= 500),
  -- the server's clock, or the import's source; device_at is the device's
  reported_at timestamptz not null,
  device_at timestamptz,
  -- first day of reported_at's month in the city's time zone
  month date not null check (extract(day from month) = 1),
  closed_at timestamptz,
  reported_by uuid,
  channel text not null default 'app',
  -- of an imported row; source_hash of its content
  source text,
  source_id text,
  source_hash text,
  version integer not null default 1,
  -- the last transaction that changed the row
  changed_xid bigint not null default (pg_current_xact_id()::text)::bigint,
  workflow_code text not null default 'event',
  -- the workflow's own stage, shown and counted as `stage`
  state text not null,
  state_since timestamptz not null default now(),
  -- names of a gate's transitions taken in this state
  passed text[] not null default '{}',
  condition_code text,
  -- in the department it is given to
  handler uuid,
  -- asked to verify or to check
  assignee uuid,
  -- the incident it was merged into, of the same district
  parent_id uuid,
  -- asked for, and to be decided by a leader or manager
  pending text check (pending in ('extension', 'hold')),
  pending_until timestamptz,
  hold_until timestamptz,
  was_held boolean not null default false,
  extensions smallint not null default 0,
  rework smallint not null default 0,
  reopened smallint not null default 0,
  self_handled boolean not null default false,
  -- a leader's demand: level 1 to 3, and by when an answer is due
  supervision smallint check (supervision between 1 and 3),
  reply_by timestamptz,
  -- the demo's script took its steps
  is_generated boolean not null default false,
  -- when it was filed, another of its category had been reported at the spot within a year
  is_repeat boolean not null default false,
  -- it waits for a verification by its workflow's rows; set at every write
  to_verify boolean not null default false,
  -- what its clocks say of a case that is over, packed: private.lateness_of; set at every write
  lateness smallint,
  -- for people: year of the report and serial number of that year; given once, never changed or given again
  case_number text not null constraint incidents_case_number_check check (case_number ~ '^[0-9]{4}-[0-9]{6,9}$'),
  primary key (district_code, id),
  check (closed_at is null or closed_at >= reported_at),
  check ((stage = 'closed') = (closed_at is not null)),
  -- imports may merge and hold without saying more
  constraint incidents_parent_check check (parent_id is null or stage = 'merged'),
  constraint incidents_held_check check (hold_until is null or on_hold),
  check ((source is null) = (source_id is null))
);
alter table public.incidents add constraint incidents_state_fkey
  foreign key (workflow_code, state) references public.workflow_stages (workflow, code);
alter table public.incidents add constraint incidents_condition_code_fkey
  foreign key (condition_code) references public.filing_conditions (code);
create index incidents_state_idx on public.incidents (workflow_code, state);
create index incidents_condition_idx on public.incidents (condition_code) where condition_code is not null;
alter table public.incidents add constraint incidents_parent_fkey
  foreign key (district_code, parent_id) references public.incidents (district_code, id);

create unique index incidents_source_idx on public.incidents (district_code, source, source_id) where source is not null;

create index incidents_id_idx on public.incidents (id);
-- the counters make numbers unique in the city; a sharded table needs its key in every unique index
create unique index incidents_case_number_idx on public.incidents (case_number, district_code);
create index incidents_month_idx on public.incidents (month, area_code, changed_xid);
create index incidents_changed_idx on public.incidents (changed_xid);
create index incidents_geom_idx on public.incidents using gist (geom);
create index incidents_department_idx on public.incidents (department_code, month);
create index incidents_reporter_idx on public.incidents (reported_by) where reported_by is not null;
-- finds any incident that is not imported
create index incidents_here_idx on public.incidents (reported_at) where source is null;

create index incidents_parent_idx on public.incidents (district_code, parent_id) where parent_id is not null;
create index incidents_hold_idx on public.incidents (hold_until) where on_hold;

-- The expressions of private.list_order. Keys are never null, so one row comparison is the keyset condition.
-- A distance back from a fixed instant sorts "newest first" in ascending order.
create index incidents_reported_idx on public.incidents (reported_at, id);
create index incidents_open_idx on public.incidents (reported_at, id)
  where stage in ('reported', 'filed', 'dispatched', 'handled');
create index incidents_closed_idx on public.incidents (coalesce(closed_at, '-infinity'), id);
create index incidents_hours_desc_idx on public.incidents
  (coalesce(closed_at - reported_at, '-1 second'), id);
create index incidents_hours_asc_idx on public.incidents
  (coalesce(closed_at - reported_at, '1000000 days'), id);
create index incidents_area_idx on public.incidents
  (area_code, ('2000-01-01T00:00:00Z'::timestamptz - reported_at), id);
create index incidents_category_idx on public.incidents
  (category_code, ('2000-01-01T00:00:00Z'::timestamptz - reported_at), id);

-- Incidents that somebody must act on, in the order of the queues: see schemas/15_queues.sql. A trigger of
-- incidents keeps it. Narrow, with few indexes: an edit of a calendar moves the due times of many.
create table public.incident_work (
  district_code text not null,
  incident_id uuid not null,
  -- of the running clock that ends first
  due_at timestamptz,
  warn_at timestamptz,
  -- copies of the incident's
  month date not null,
  area_code text not null,
  department_code text,
  reported_by uuid,
  stage text not null,
  on_hold boolean not null,
  to_verify boolean not null,
  handler uuid,
  assignee uuid,
  rework smallint not null,
  pending text,
  supervision smallint,
  -- the last transaction that changed the row
  changed_xid bigint not null,
  -- of the clock that is due at due_at; null round the clock
  due_calendar text,
  primary key (district_code, incident_id),
  constraint incident_work_incident_fkey foreign key (district_code, incident_id)
    references public.incidents (district_code, id) on delete cascade
);
create index incident_work_changed_idx on public.incident_work (changed_xid);

-- The audit trail.
create table public.incident_log (
  district_code text not null,
  incident_id uuid not null,
  seq integer not null,
  at timestamptz not null default now(),
  actor uuid,
  kind text not null,
  stage_from text,
  stage_to text,
  note text not null default '' check (length(note) <= 10000),
  data jsonb not null default '{}',
  command_id uuid,
  primary key (district_code, incident_id, seq),
  foreign key (district_code, incident_id) references public.incidents (district_code, id)
);
-- imported rows have none
create index incident_log_actor_idx on public.incident_log (actor) where actor is not null;

-- Places before a move: people who saw the incident there must learn of it.
create table private.incident_moves (
  district_code text not null,
  incident_id uuid not null,
  changed_xid bigint not null,
  month date not null,
  area_code text not null,
  department_code text,
  reported_by uuid,
  primary key (district_code, incident_id, changed_xid)
);
create index incident_moves_changed_idx on private.incident_moves (changed_xid);

-- Receipts: one row a command, whatever its outcome.
create table public.commands (
  id uuid primary key,
  actor uuid not null,
  type text not null,
  hash text not null,
  outcome text not null check (outcome in ('applied', 'conflict', 'rejected')),
  incident_id uuid,
  version integer,
  error jsonb,
  replaces uuid,
  device_at timestamptz,
  received_at timestamptz not null default now(),
  photo_hashes text[] not null default '{}',
  -- by the demo's script
  is_generated boolean not null default false,
  -- the device's clock when the call left: received_at less this is what that clock is off
  sent_at timestamptz
);
create index commands_actor_idx on public.commands (actor, received_at);

-- Files lie in the bucket `photos`: <owner>/<hash>.jpg or .webp.
create table public.incident_photos (
  district_code text not null,
  incident_id uuid not null,
  -- SHA-256 of the file
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  -- the person who uploads it
  owner uuid not null,
  media_type text not null check (media_type in ('image/jpeg', 'image/webp')),
  bytes integer not null check (bytes between 1 and 5242880),
  width integer not null check (width between 1 and 2048),
  height integer not null check (height between 1 and 2048),
  -- from the metadata, which the device then strips
  taken_at timestamptz,
  lon double precision check (lon between -180 and 180),
  lat double precision check (lat between -90 and 90),
  seq_in_log integer not null,
  command_id uuid,
  at timestamptz not null,
  primary key (district_code, incident_id, owner, hash),
  foreign key (district_code, incident_id) references public.incidents (district_code, id),
  check ((lon is null) = (lat is null))
);
create index incident_photos_file_idx on public.incident_photos (owner, hash);
create index incident_photos_incident_idx on public.incident_photos (incident_id);

-- Verdicts; an unchecked file has no row. The same hash with another media type is another file.
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
