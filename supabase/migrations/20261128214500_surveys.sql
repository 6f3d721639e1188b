create table public.surveys (
  code text primary key constraint surveys_code_check check (code ~ '^[a-z0-9_]{1,40}$'),
  name_zh text not null constraint surveys_name_zh_check check (length(name_zh) between 1 and 200),
  name_en text not null constraint surveys_name_en_check check (length(name_en) between 1 and 200)
);

create table public.survey_items (
  survey text not null references public.surveys (code),
  code text not null constraint survey_items_code_check check (code ~ '^[A-Za-z0-9_.-]{1,60}$'),
  name_zh text not null constraint survey_items_name_zh_check check (length(name_zh) between 1 and 200),
  name_en text not null constraint survey_items_name_en_check check (length(name_en) between 1 and 200),
  -- the category, with all below it, that the item asks about; null for none
  category_code text references public.categories (code),
  -- 幸福感, 获得感, 安全感; null for other items
  sense text constraint survey_items_sense_check check (sense in ('happiness', 'gain', 'security')),
  -- ends of the scale
  least numeric not null,
  most numeric not null,
  sort integer not null,
  primary key (survey, code),
  constraint survey_items_scale_check check (least < most)
);

create table public.survey_waves (
  survey text not null references public.surveys (code),
  -- first day of its month
  month date not null constraint survey_waves_month_check check (extract(day from month) = 1),
  imported_at timestamptz not null,
  -- null: by the server's command
  imported_by uuid references public.profiles (user_id),
  file text not null constraint survey_waves_file_check check (length(file) between 1 and 200),
  is_generated boolean not null default false,
  primary key (survey, month)
);

create table public.survey_results (
  survey text not null,
  month date not null,
  item text not null,
  area_code text not null references public.areas (code),
  -- answers without "don't know"
  n integer not null constraint survey_results_n_check check (n >= 0),
  mean numeric,
  sd numeric constraint survey_results_sd_check check (sd >= 0),
  -- shares of the answers
  satisfied numeric constraint survey_results_satisfied_check check (satisfied between 0 and 1),
  dissatisfied numeric constraint survey_results_dissatisfied_check check (dissatisfied between 0 and 1),
  -- share that names it among the most important
  important numeric constraint survey_results_important_check check (important between 0 and 1),
  primary key (survey, month, item, area_code),
  constraint survey_results_wave_fkey foreign key (survey, month) references public.survey_waves (survey, month)
    on delete cascade,
  constraint survey_results_item_fkey foreign key (survey, item) references public.survey_items (survey, code)
);
alter table public.surveys enable row level security;
alter table public.survey_items enable row level security;
alter table public.survey_waves enable row level security;
alter table public.survey_results enable row level security;

CREATE OR REPLACE FUNCTION private.judge_command(p_item json, p_envelope private.command_envelope, p_actor uuid, p_may_report boolean, p_at timestamp with time zone, p_is_replay boolean)
 RETURNS private.judged_command
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_judged private.judged_command;
  v_record public.commands;
  v_payload jsonb;
  v_result jsonb := '{}';
  v_state text;
  v_detail text;
begin
  v_judged.settled := private.settled_receipt(p_item, p_envelope, p_actor);
  if v_judged.settled is not null then
    return v_judged;
  end if;
  v_record.id := p_envelope.id;
  v_record.actor := p_actor;
  v_record.type := p_envelope.type;
  v_record.hash := p_envelope.hash;
  v_record.replaces := p_envelope.replaces;
  v_record.device_at := p_envelope.at;
  v_record.received_at := p_at;
  v_record.outcome := 'applied';
  begin
    v_payload := private.parse_payload(p_envelope.payload);
    if private.is_uuid(v_payload ->> 'incidentId') then
      v_judged.incident := (v_payload ->> 'incidentId')::uuid;
    end if;
    case p_envelope.type
      when 'report_incident' then
        if not p_may_report then
          perform private.reject_command('not_allowed');
        end if;
        v_judged.report := private.read_report(p_actor, p_envelope.id, v_payload, p_at);
        v_result := jsonb_build_object('incident_id', (v_judged.report).id, 'version', 1,
          'photos', case when (v_judged.report).condition_code is null then (v_judged.report).data -> 'photos'
            else to_jsonb(private.photo_hashes(
              (v_judged.report).photos || (v_judged.report).handled_photos)) end);
      when 'add_note' then
        v_result := private.add_note(p_actor, p_envelope.id, v_payload, p_at);
      when 'add_photo' then
        v_result := private.add_photo(p_actor, p_envelope.id, v_payload, p_at);
      when 'confirm_duplicate' then
        v_result := private.confirm_duplicate(p_actor, p_envelope.id, v_payload, p_at);
      when 'correct_incident' then
        v_result := private.correct_incident(p_actor, p_envelope.id, v_payload, p_at);
      when 'transition' then
        v_judged.step := private.read_transition(p_actor, p_envelope.id, v_payload, p_at);
        v_result := jsonb_build_object('incident_id', v_judged.incident,
          'photos', to_jsonb(private.photo_hashes((v_judged.step).photos)));
      when 'save_view' then
        v_result := private.save_view(p_actor, v_payload, p_at);
      when 'delete_view' then
        v_result := private.delete_view(p_actor, v_payload, p_at);
      when 'save_dispatch_rules' then
        v_result := private.save_dispatch_rules(p_actor, v_payload, p_at);
      when 'save_evaluation' then
        v_result := private.save_evaluation(p_actor, v_payload, p_at);
      when 'import_survey' then
        v_result := private.import_survey(p_actor, v_payload, p_at);
      when 'delete_wave' then
        v_result := private.delete_wave(p_actor, v_payload, p_at);
      when 'set_rating_target' then
        v_result := private.set_rating_target(p_actor, v_payload, p_at);
      when 'make_follow_up', 'finish_follow_up', 'dismiss_finding', 'restore_finding' then
        v_result := private.mark_finding(p_actor, p_envelope.type, v_payload, p_at);
      when 'draw_callbacks' then
        v_result := private.draw_callbacks(p_actor, v_payload, p_at);
      when 'rate' then
        v_result := private.rate(p_actor, p_envelope.id, v_payload, p_at);
      when 'callback_outcome' then
        v_result := private.note_callback(p_actor, p_envelope.id, v_payload, p_at);
      when 'keep_closed' then
        v_result := private.keep_closed(p_actor, p_envelope.id, v_payload, p_at);
      when 'appeal' then
        v_result := private.make_appeal(p_actor, p_envelope.id, v_payload, p_at);
      when 'review_appeal' then
        v_result := private.review_appeal(p_actor, p_envelope.id, v_payload, p_at);
      else
        perform private.reject_command('unknown_type', 'type');
    end case;
  exception when others then
    get stacked diagnostics v_state = returned_sqlstate, v_detail = pg_exception_detail;
    if private.fails_call(v_state) then raise; end if;
    v_record.error := private.verdict_of(v_state, v_detail);
    v_judged.report := null;
    v_judged.step := null;
    if v_record.error is null then
      raise warning 'no receipt for a % (%): %', p_envelope.type, v_state, sqlerrm;
      v_judged.settled := 'null';
      return v_judged;
    end if;
    if p_is_replay and v_record.error ->> 'code' in ('not_allowed', 'unknown_incident') then
      v_judged.settled := private.rejected_receipt(p_envelope.id::text, v_record.error ->> 'code');
      return v_judged;
    end if;
    v_result := '{}';
    v_record.outcome := 'rejected';
    if v_state = 'WG002' then
      v_record.outcome := 'conflict';
      v_result := jsonb_build_object('incident_id', v_payload ->> 'incidentId',
        'version', v_record.error -> 'server' -> 'version');
    end if;
  end;
  v_record.incident_id := (v_result ->> 'incident_id')::uuid;
  v_record.version := (v_result ->> 'version')::integer;
  v_record.photo_hashes := '{}';
  if jsonb_typeof(v_result -> 'photos') = 'array' and v_result -> 'photos' <> '[]' then
    v_record.photo_hashes := array(select jsonb_array_elements_text(v_result -> 'photos'));
  end if;
  v_judged.record := v_record;
  return v_judged;
end $function$;

CREATE OR REPLACE FUNCTION private.payload_column(p_rows jsonb, p_field text, p_length integer, p_kind text)
 RETURNS text[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_column constant jsonb := nullif(p_rows -> p_field, 'null');
begin
  if v_column is null then
    return array_fill(null::text, array[p_length]);
  elsif jsonb_typeof(v_column) <> 'array' or jsonb_array_length(v_column) <> p_length then
    perform private.reject_command('invalid_field', 'rows.' || p_field, 'not as long as lines');
  elsif exists (select from jsonb_array_elements(v_column) e where jsonb_typeof(e) not in (p_kind, 'null')) then
    perform private.reject_command('invalid_field', 'rows.' || p_field, 'not a ' || p_kind);
  end if;
  return array(select e #>> '{}' from jsonb_array_elements(v_column) with ordinality as x (e, n) order by n);
end $function$;

CREATE OR REPLACE FUNCTION private.store_survey_items(p_survey text, p_items jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_item jsonb;
  v_sort integer := 0;
  v_stored public.survey_items;
  v_new public.survey_items;
begin
  if jsonb_typeof(p_items) is distinct from 'array' or jsonb_array_length(p_items) not between 1 and 200 then
    perform private.reject_command('invalid_field', 'items', 'a list of 1 to 200');
  end if;
  for v_item in select value from jsonb_array_elements(p_items) loop
    v_sort := v_sort + 1;
    if jsonb_typeof(v_item) <> 'object' then
      perform private.reject_command('invalid_field', 'items', 'not objects');
    end if;
    perform private.refuse_unknown_fields(v_item, '{code,nameZh,nameEn,categoryCode,sense,least,most}');
    v_new.survey := p_survey;
    v_new.code := private.payload_text(v_item, 'code', true, 60);
    v_new.name_zh := private.payload_filled(v_item, 'nameZh', 200);
    v_new.name_en := private.payload_filled(v_item, 'nameEn', 200);
    v_new.category_code := private.payload_text(v_item, 'categoryCode', false, 60);
    v_new.sense := private.payload_word(v_item, 'sense', '{happiness,gain,security}');
    v_new.least := private.payload_number(v_item, 'least', true, -1000, 1000);
    v_new.most := private.payload_number(v_item, 'most', true, -1000, 1000);
    v_new.sort := v_sort;
    if v_new.code !~ '^[A-Za-z0-9_.-]{1,60}$' or v_new.least >= v_new.most then
      perform private.reject_command('invalid_field', 'items', left(v_new.code, 60));
    elsif v_new.category_code is not null
      and not exists (select from public.categories c where c.code = v_new.category_code) then
      perform private.reject_command('unknown_category', 'items', v_new.category_code);
    end if;
    select * into v_stored from public.survey_items i where i.survey = p_survey and i.code = v_new.code;
    if v_stored.least <> v_new.least or v_stored.most <> v_new.most then
      perform private.reject_command('other_scale', 'items',
        format('%s: %s–%s', v_new.code, v_stored.least, v_stored.most));
    end if;
    insert into public.survey_items (survey, code, name_zh, name_en, category_code, sense, least, most, sort)
    values (v_new.survey, v_new.code, v_new.name_zh, v_new.name_en, v_new.category_code, v_new.sense, v_new.least,
      v_new.most, v_new.sort)
    on conflict (survey, code) do update set name_zh = excluded.name_zh, name_en = excluded.name_en,
      category_code = excluded.category_code, sense = excluded.sense, sort = excluded.sort;
  end loop;
end $function$;

CREATE OR REPLACE FUNCTION private.survey_rows(p_rows jsonb, p_length integer)
 RETURNS TABLE(line integer, area_code text, month text, item text, n numeric, mean numeric, sd numeric, satisfied numeric, dissatisfied numeric, important numeric)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select u.line::numeric::integer, u.area_code, u.month, u.item, u.n::numeric, u.mean::numeric, u.sd::numeric,
    u.satisfied::numeric, u.dissatisfied::numeric, u.important::numeric
  from unnest(private.payload_column(p_rows, 'line', p_length, 'number'),
    private.payload_column(p_rows, 'area', p_length, 'string'),
    private.payload_column(p_rows, 'month', p_length, 'string'),
    private.payload_column(p_rows, 'item', p_length, 'string'),
    private.payload_column(p_rows, 'n', p_length, 'number'),
    private.payload_column(p_rows, 'mean', p_length, 'number'),
    private.payload_column(p_rows, 'sd', p_length, 'number'),
    private.payload_column(p_rows, 'satisfied', p_length, 'number'),
    private.payload_column(p_rows, 'dissatisfied', p_length, 'number'),
    private.payload_column(p_rows, 'important', p_length, 'number'))
    as u (line, area_code, month, item, n, mean, sd, satisfied, dissatisfied, important)
$function$;

CREATE OR REPLACE FUNCTION private.store_survey(p_actor uuid, p_payload jsonb, p_is_generated boolean, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_survey constant jsonb := p_payload -> 'survey';
  v_rows constant jsonb := p_payload -> 'rows';
  v_file constant text := private.payload_filled(p_payload, 'file', 200);
  v_code text;
  v_length integer;
  v_faults text;
  v_waves integer;
begin
  perform private.refuse_unknown_fields(p_payload, '{survey,file,items,rows}');
  if jsonb_typeof(v_survey) is distinct from 'object' then
    perform private.reject_command('missing_field', 'survey');
  elsif jsonb_typeof(v_rows) is distinct from 'object' or jsonb_typeof(v_rows -> 'line') is distinct from 'array' then
    perform private.reject_command('missing_field', 'rows');
  elsif jsonb_array_length(v_rows -> 'line') not between 1 and 20000 then
    perform private.reject_command('invalid_field', 'rows', '1 to 20000 rows');
  end if;
  perform private.refuse_unknown_fields(v_survey, '{code,nameZh,nameEn}');
  perform private.refuse_unknown_fields(v_rows, '{line,area,month,item,n,mean,sd,satisfied,dissatisfied,important}');
  v_code := private.payload_text(v_survey, 'code', true, 40);
  if v_code !~ '^[a-z0-9_]{1,40}$' then
    perform private.reject_command('invalid_field', 'survey', 'small letters, digits and _');
  end if;
  -- two imports of one survey take turns
  insert into public.surveys (code, name_zh, name_en)
  values (v_code, private.payload_filled(v_survey, 'nameZh', 200), private.payload_filled(v_survey, 'nameEn', 200))
  on conflict (code) do update set name_zh = excluded.name_zh, name_en = excluded.name_en;
  perform private.store_survey_items(v_code, p_payload -> 'items');
  v_length := jsonb_array_length(v_rows -> 'line');
  select string_agg(f.line || ' ' || f.code, '; ' order by f.n) into v_faults
  from (
    select r.line, c.code, row_number() over (order by r.line, c.n) as n
    from (
      select s.*, i.least, i.most, count(*) over (partition by s.area_code, s.month, s.item) as times,
        row_number() over (partition by s.area_code, s.month, s.item order by s.line) as time,
        exists (select from public.areas a where a.code = s.area_code) as is_area,
        exists (select from public.survey_waves w where w.survey = v_code and to_char(w.month, 'YYYY-MM') = s.month)
          as is_stored
      from private.survey_rows(v_rows, v_length) s
      left join public.survey_items i on i.survey = v_code and i.code = s.item) r
    cross join lateral (values
      (1, 'unknown-area', not r.is_area),
      (2, 'no-period', coalesce(r.month, '') !~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
      (3, 'no-item', r.least is null),
      (4, 'bad-count', coalesce(r.n < 0 or r.n <> trunc(r.n) or r.n > 1e9, true)),
      (5, 'outside-scale', r.mean < r.least or r.mean > r.most or r.sd < 0 or r.sd > r.most - r.least),
      (6, 'bad-percent', r.satisfied not between 0 and 1 or r.dissatisfied not between 0 and 1
        or r.important not between 0 and 1),
      -- rounded to whole percentages
      (7, 'percents-over-100', r.satisfied + r.dissatisfied > 1.01),
      (8, 'duplicate', r.times > 1 and r.time > 1),
      (9, 'known-wave', r.is_stored)) as c (n, code, is_fault)
    where c.is_fault) f
  where f.n <= 20;
  if v_faults is not null then
    perform private.reject_command('invalid_rows', 'rows', v_faults);
  end if;
  insert into public.survey_waves (survey, month, imported_at, imported_by, file, is_generated)
  select distinct v_code, (r.month || '-01')::date, p_at, p_actor, v_file, p_is_generated
  from private.survey_rows(v_rows, v_length) r;
  get diagnostics v_waves = row_count;
  insert into public.survey_results (survey, month, item, area_code, n, mean, sd, satisfied, dissatisfied, important)
  select v_code, (r.month || '-01')::date, r.item, r.area_code, r.n, r.mean, r.sd, r.satisfied, r.dissatisfied,
    r.important
  from private.survey_rows(v_rows, v_length) r;
  return jsonb_build_object('waves', v_waves, 'rows', v_length);
end $function$;

CREATE OR REPLACE FUNCTION private.import_survey(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if private.may_edit_rules(p_actor, p_at) is not true then
    perform private.reject_command('not_allowed');
  end if;
  return private.store_survey(p_actor, p_payload, false, p_at) || '{"version": 1}';
end $function$;

CREATE OR REPLACE FUNCTION private.delete_wave(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_survey constant text := private.payload_text(p_payload, 'survey', true, 40);
  v_month constant text := private.payload_text(p_payload, 'month', true, 7);
begin
  perform private.refuse_unknown_fields(p_payload, '{survey,month}');
  if private.may_edit_rules(p_actor, p_at) is not true then
    perform private.reject_command('not_allowed');
  end if;
  delete from public.survey_waves w where w.survey = v_survey and to_char(w.month, 'YYYY-MM') = v_month;
  if not found then
    perform private.reject_command('unknown_wave', 'month');
  end if;
  return '{"version": 1}';
end $function$;

CREATE OR REPLACE FUNCTION private.survey_list()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_user constant uuid := private.require_user();
begin
  if private.scope_paths('{grid_manager,leader,admin}') = '{}' then
    raise exception 'surveys are for managers, leaders and admins' using errcode = '42501';
  end if;
  return jsonb_build_object('canImport', private.may_edit_rules(v_user, now()), 'surveys', (
    select coalesce(jsonb_agg(jsonb_build_object('code', s.code, 'nameZh', s.name_zh, 'nameEn', s.name_en,
      'items', (
        select coalesce(jsonb_agg(jsonb_build_object('code', i.code, 'nameZh', i.name_zh, 'nameEn', i.name_en,
          'categoryCode', i.category_code, 'sense', i.sense, 'least', i.least, 'most', i.most)
          order by i.sort, i.code), '[]')
        from public.survey_items i where i.survey = s.code),
      'waves', (
        select coalesce(jsonb_agg(jsonb_build_object('month', to_char(w.month, 'YYYY-MM'), 'file', w.file,
          'importedAt', w.imported_at, 'importedByName', p.display_name, 'isGenerated', w.is_generated)
          order by w.month desc), '[]')
        from public.survey_waves w
        left join public.profiles p on p.user_id = w.imported_by
        where w.survey = s.code)) order by s.code), '[]')
    from public.surveys s));
end $function$;

CREATE OR REPLACE FUNCTION private.survey_results(p_survey text, p_area text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_codes constant text[] := private.scope_area_codes('{grid_manager,leader,admin}');
begin
  if private.require_user() is null or v_codes = '{}' then
    raise exception 'surveys are for managers, leaders and admins' using errcode = '42501';
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_array(r.area_code, to_char(r.month, 'YYYY-MM'), r.item, r.n, r.mean, r.sd,
      r.satisfied, r.dissatisfied, r.important) order by r.area_code, r.month, r.item), '[]')
    from public.survey_results r
    join public.areas a on a.code = r.area_code
    where r.survey = p_survey and r.area_code = any (v_codes) and p_area in (a.code, a.parent_code));
end $function$;

CREATE OR REPLACE FUNCTION public.survey_list()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.survey_list() $function$;

CREATE OR REPLACE FUNCTION public.survey_results(p_survey text, p_area text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.survey_results(p_survey, p_area) $function$;

CREATE INDEX survey_items_category_idx ON public.survey_items USING btree (category_code);

CREATE INDEX survey_results_area_idx ON public.survey_results USING btree (area_code);

CREATE INDEX survey_results_item_idx ON public.survey_results USING btree (survey, item);

CREATE INDEX survey_waves_imported_by_idx ON public.survey_waves USING btree (imported_by);

create policy "Managers, leaders and admins see the items of surveys" on public.survey_items for select to authenticated using ((( SELECT private.scope_area_codes('{grid_manager,leader,admin}'::text[]) AS scope_area_codes) <> '{}'::text[]));

create policy "Managers, leaders and admins see the results of their areas" on public.survey_results for select to authenticated using ((area_code = ANY (( SELECT private.scope_area_codes('{grid_manager,leader,admin}'::text[]) AS scope_area_codes)::text[])));

create policy "Managers, leaders and admins see the waves of surveys" on public.survey_waves for select to authenticated using ((( SELECT private.scope_area_codes('{grid_manager,leader,admin}'::text[]) AS scope_area_codes) <> '{}'::text[]));

create policy "Managers, leaders and admins see the surveys" on public.surveys for select to authenticated using ((( SELECT private.scope_area_codes('{grid_manager,leader,admin}'::text[]) AS scope_area_codes) <> '{}'::text[]));

revoke all on function private.survey_list() from public, anon, authenticated, service_role;

grant execute on function private.survey_list() to authenticated;

revoke all on function private.survey_results(text,text) from public, anon, authenticated, service_role;

grant execute on function private.survey_results(text,text) to authenticated;

revoke all on function public.survey_list() from public, anon, authenticated, service_role;

grant execute on function public.survey_list() to authenticated;

revoke all on function public.survey_results(text,text) from public, anon, authenticated, service_role;

grant execute on function public.survey_results(text,text) to authenticated;

revoke all on public.survey_items from public, anon, authenticated, service_role;

grant select on public.survey_items to authenticated;

revoke all on public.survey_results from public, anon, authenticated, service_role;

grant select on public.survey_results to authenticated;

revoke all on public.survey_waves from public, anon, authenticated, service_role;

grant select on public.survey_waves to authenticated;

revoke all on public.surveys from public, anon, authenticated, service_role;

grant select on public.surveys to authenticated;
