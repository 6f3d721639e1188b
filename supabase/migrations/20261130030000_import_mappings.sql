create table public.import_mappings (
  name text primary key constraint import_mappings_name_check check (length(name) between 1 and 60),
  kind text not null constraint import_mappings_kind_check check (kind in ('incidents', 'areas')),
  columns text[] not null constraint import_mappings_columns_check check (cardinality(columns) <= 1000),
  mapping jsonb not null constraint import_mappings_mapping_check check (jsonb_typeof(mapping) = 'object'),
  changed_at timestamptz not null,
  changed_by uuid references public.profiles (user_id) on delete set null
);
CREATE INDEX import_mappings_changed_by_idx ON public.import_mappings USING btree (changed_by);

alter table public.import_mappings enable row level security;

create policy "Admins see how files of the city are read" on public.import_mappings for select to authenticated using ((( SELECT private.scope_area_codes('{admin}'::text[]) AS scope_area_codes) <> '{}'::text[]));

revoke all on public.import_mappings from public, anon, authenticated, service_role;

grant select on public.import_mappings to authenticated;
