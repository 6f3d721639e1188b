-- Core tables: areas, categories, departments, people, incidents and their log, commands.
-- Policies, grants and functions follow in the next migrations.
-- Every table that grows with incidents starts its primary key with district_code, so that it can be sharded.

create schema if not exists extensions;
create extension if not exists postgis with schema extensions;
create schema if not exists private;
revoke all on schema private from public;

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
  -- the level whose area is an incident's shard key; the city itself where there are no districts
  shard_level text not null default 'city' check (shard_level in ('city', 'district')),
  basemap_url text,
  basemap_attribution text,
  is_demo boolean not null default false,
  created_at timestamptz not null default now(),
  check (west < east and south < north and west >= -180 and east <= 180 and south >= -90 and north <= 90)
);

create table public.areas (
  code text primary key check (code ~ '^[A-Za-z0-9_.-]{1,40}$'),
  -- the area index of the packed columns: stable, never reused
  idx integer generated always as identity unique check (idx between 1 and 65534),
  parent_code text references public.areas (code),
  path text not null unique,
  level text not null check (level in ('city', 'district', 'subdistrict', 'community', 'grid')),
  name text not null check (length(name) between 1 and 200),
  households integer check (households >= 0),
  geom extensions.geometry(MultiPolygon, 4326) not null,
  valid_from date not null default '1900-01-01',
  valid_to date,
  revision bigint not null default 1,
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
  sort integer not null default 0
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

create table public.incidents (
  district_code text not null references public.areas (code),
  id uuid not null,
  category_code text not null references public.categories (code),
  -- the deepest area that holds the point; on a border the lowest code wins
  area_code text not null references public.areas (code),
  department_code text references public.departments (code),
  stage text not null default 'reported'
    check (stage in ('reported', 'filed', 'dispatched', 'handled', 'closed', 'rejected', 'merged')),
  on_hold boolean not null default false,
  severity smallint not null default 2 check (severity between 1 and 4),
  lon double precision not null check (lon between -180 and 180),
  lat double precision not null check (lat between -90 and 90),
  geom extensions.geometry(Point, 4326) generated always as
    (extensions.st_setsrid(extensions.st_makepoint(lon, lat), 4326)) stored,
  -- place quantised on the city's box to 0..65535, the same as in the packed columns
  qx integer not null check (qx between 0 and 65535),
  qy integer not null check (qy between 0 and 65535),
  description text not null default '' check (length(description) <= 10000),
  address_label text not null default '' check (length(address_label) <= 500),
  -- the server's clock (for imports the source's); the device's own time is kept beside it
  reported_at timestamptz not null,
  device_at timestamptz,
  -- first day of the report month in the city's time zone
  month date not null check (extract(day from month) = 1),
  closed_at timestamptz,
  reported_by uuid,
  channel text not null default 'app',
  -- where an imported row came from, and a hash of its content
  source text,
  source_id text,
  source_hash text,
  version integer not null default 1,
  -- the transaction that last changed the row: the cursor of changes_since
  changed_xid bigint not null default (pg_current_xact_id()::text)::bigint,
  primary key (district_code, id),
  check (closed_at is null or closed_at >= reported_at),
  check ((stage = 'closed') = (closed_at is not null)),
  check ((source is null) = (source_id is null))
);
create unique index incidents_source_idx on public.incidents (district_code, source, source_id) where source is not null;

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

-- The record of receipts. One row a command, whatever became of it.
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
  received_at timestamptz not null default now()
);
create index commands_actor_idx on public.commands (actor, received_at);
