-- How to read a city's files, kept by name for the next month's file. The server's page of imports writes them with
-- the owner's rights, after it has checked the person.

create table public.import_mappings (
  name text primary key constraint import_mappings_name_check check (length(name) between 1 and 60),
  kind text not null constraint import_mappings_kind_check check (kind in ('incidents', 'areas')),
  -- of the file it was made for: it is offered for files that have these
  columns text[] not null constraint import_mappings_columns_check check (cardinality(columns) <= 1000),
  mapping jsonb not null constraint import_mappings_mapping_check check (jsonb_typeof(mapping) = 'object'),
  changed_at timestamptz not null,
  changed_by uuid references public.profiles (user_id) on delete set null
);
create index import_mappings_changed_by_idx on public.import_mappings (changed_by);

alter table public.import_mappings enable row level security;
grant select on public.import_mappings to authenticated;
create policy "Admins see how files of the city are read"
on public.import_mappings for select to authenticated
using ((select private.scope_area_codes('{admin}')) <> '{}');
