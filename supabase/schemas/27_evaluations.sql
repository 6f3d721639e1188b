-- Evaluations (考核): a city's own score of areas, departments, posts and field staff, by a formula over named rates.
-- The server counts; pages compute the score with src/domain/evaluation. There is no name for how many somebody
-- reported: points for reporting buy reports.

-- Formulas as saved, one row a version; none is ever changed.
create table public.evaluation_formulas (
  board text not null constraint evaluation_formulas_board_check
    check (board in ('areas', 'departments', 'posts', 'field_staff')),
  version integer not null constraint evaluation_formulas_version_check check (version > 0),
  -- checked by private.formula_fault
  formula text not null constraint evaluation_formulas_formula_check check (length(formula) between 1 and 2000),
  -- the city's first day of it; of two versions from one day the later is in force
  from_day date not null,
  reason text not null constraint evaluation_formulas_reason_check check (length(reason) between 1 and 500),
  saved_at timestamptz not null,
  saved_by uuid not null references public.profiles (user_id),
  primary key (board, version)
);
create index evaluation_formulas_saved_by_idx on public.evaluation_formulas (saved_by);

-- Boards that the caller may read: managers, leaders and admins all of them, others the ones on which they are judged.
create or replace function private.readable_boards()
returns text[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(distinct b.board order by b.board), '{}')
  from public.memberships m
  cross join lateral unnest((case m.role when 'handler' then '{departments}'
    when 'field_staff' then '{areas,field_staff}'
    else '{areas,departments,posts,field_staff}' end)::text[]) b (board)
  where m.user_id = auth.uid() and private.is_valid(m.valid_from, m.valid_to, now())
$$;
grant execute on function private.readable_boards() to authenticated;

alter table public.evaluation_formulas enable row level security;
grant select on public.evaluation_formulas to authenticated;
create policy "People see the formulas by which they judge or are judged"
on public.evaluation_formulas for select to authenticated
using (board = any ((select private.readable_boards())::text[]));

-- Leaders and admins of the whole city: a formula holds for all of it.
create or replace function private.may_edit_evaluations(p_user uuid, p_at timestamptz)
returns boolean language sql stable set search_path = '' as $$
  select exists (select from public.areas) and not exists (
    select from public.areas root
    where root.parent_code is null and not exists (
      select from public.memberships m
      where m.user_id = p_user and m.role in ('leader', 'admin') and m.area_code = root.code
        and private.is_valid(m.valid_from, m.valid_to, p_at)))
$$;

-- Names that a formula of the board may use, as in src/domain/evaluation/names.ts.
create or replace function private.score_names(p_board text)
returns text[] language sql immutable set search_path = '' as $$
  select case p_board
    when 'posts' then '{filing_in_time,dispatch_in_time,dispatch_accurate,verifying_in_time,checking_in_time}'::text[]
    when 'field_staff' then '{valid,verifying_in_time,checking_in_time}'::text[]
    else array(select r.rate from private.rate_rules() r)
      || '{overdue_pending,responded,solved,satisfied,repeat_places}'::text[]
      || case when p_board = 'areas' then '{households}'::text[] else '{}' end end
$$;

-- The first fault of a formula as {line, column, code, near}; null when it is one. Codes are those of
-- src/domain/evaluation/fault.ts. Each word becomes one sign of `v_shape`; whatever lies in a parenthesis and is whole
-- then becomes one value, as often as that goes: a formula ends as one sum.
create or replace function private.formula_fault(p_board text, p_formula text)
returns jsonb language plpgsql immutable set search_path = '' as $$
declare
  -- spaces as in JavaScript; full-width and typographic signs as one
  v_text constant text := replace(replace(replace(translate(p_formula,
    E'\t\r\f\u000b\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff×·＊÷／−－＋（），、＜＞＝％',
    '                       ***//--+(),,<>=%'), '≤', '<='), '≥', '>='), '≠', '<>');
  v_names constant text[] := private.score_names(p_board);
  -- lengths are kept: ~ fills up a value, so that places stay
  v_value constant text := '\+*n~*';
  v_sum constant text := '\+*n~*(?:[+*]\+*n~*)*';
  v_test constant text := format('%s<%s(?:[&|]%s<%s)*', v_sum, v_sum, v_sum, v_sum);
  v_whole constant text := format('(m~*\(%s(?:,%s)*\)|i\(%s,%s,%s\)|w\(%s,%s\)|(?<![miwn~])\(%s\))',
    v_sum, v_sum, v_test, v_sum, v_sum, v_test, v_sum, v_sum);
  v_shape text := '';
  -- of each word: its place in the text
  v_places integer[] := '{}';
  v_at integer := 1;
  v_word text;
  v_sign text;
  v_previous text;
  -- of each open parenthesis: signs before it and itself
  v_depths integer[] := '{}';
  v_signs integer := 0;
  v_depth integer := 0;
  v_found text;
  v_from integer;
begin
  if length(p_formula) > 2000 then
    return private.fault_at(v_text, 1, 'too-long', '');
  end if;
  while v_at <= length(v_text) loop
    v_word := substring(substr(v_text, v_at) from '^(?:[ \n]+|[0-9]+(?:\.[0-9]+)?|[A-Za-z_][A-Za-z0-9_]*|<=|>=|<>|[-+*/(),<>=%])');
    if v_word is null then
      return private.fault_at(v_text, v_at, 'unknown-sign', substr(v_text, v_at, 1));
    end if;
    v_sign := case
      when v_word ~ '^[ \n]' then ''
      when v_word ~ '^[0-9]' then 'n'
      when v_word ~ '^[A-Za-z_]' then case lower(v_word)
        when 'min' then 'm' when 'max' then 'm' when 'if' then 'i' when 'where' then 'w'
        when 'and' then '&' when 'or' then '|' else 'n' end
      when v_word in ('+', '-') then '+' when v_word in ('*', '/') then '*'
      when v_word in ('(', ')', ',', '%') then v_word else '<' end;
    if v_word ~ '^[0-9]' and substr(v_text, v_at + length(v_word), 1) ~ '[A-Za-z_.]' then
      return private.fault_at(v_text, v_at, 'bad-number', v_word);
    elsif v_word ~ '^[A-Za-z_]' and v_sign = 'n' and v_word <> all (v_names) then
      return private.fault_at(v_text, v_at, case when substr(v_text, v_at + length(v_word)) ~ '^[ \n]*\('
        then 'unknown-function' else 'unknown-name' end, v_word);
    elsif v_word ~ '^[0-9]' and v_previous = '/' and v_word::numeric = 0 then
      return private.fault_at(v_text, v_places[cardinality(v_places)], 'division-by-zero', v_word);
    elsif v_sign = '%' and coalesce(v_previous, '') !~ '^[0-9]' then
      return private.fault_at(v_text, v_at, 'value-expected', v_word);
    end if;
    if v_sign not in ('', '%') then
      -- signs before a value nest as parentheses do
      if v_sign = '+' and coalesce(v_previous, '(') ~ '^([-+*/(,<>=]|and$|or$)' then
        v_signs := v_signs + 1;
      elsif v_sign in ('n', '(') then
        if v_depth + v_signs + 1 > 50 then
          return private.fault_at(v_text, v_at, 'too-deep', v_word);
        elsif v_sign = '(' then
          v_depths := v_depths || (v_signs + 1);
          v_depth := v_depth + v_signs + 1;
        end if;
        v_signs := 0;
      elsif v_sign = ')' and cardinality(v_depths) > 0 then
        v_depth := v_depth - v_depths[cardinality(v_depths)];
        v_depths := v_depths[:cardinality(v_depths) - 1];
      end if;
      v_shape := v_shape || v_sign;
      v_places := v_places || v_at;
    end if;
    if v_sign <> '' then v_previous := lower(v_word); end if;
    v_at := v_at + length(v_word);
  end loop;
  if v_shape = '' then
    return private.fault_at(v_text, 1, 'empty', '');
  end if;
  loop
    v_found := (regexp_match(v_shape, v_whole))[1];
    exit when v_found is null;
    v_shape := overlay(v_shape placing rpad('n', length(v_found), '~') from regexp_instr(v_shape, v_whole));
  end loop;
  if v_shape ~ ('^' || v_sum || '$') then
    return null;
  end if;
  -- the innermost parenthesis that is not whole, or all of it
  v_from := case when strpos(v_shape, '(') = 0 then 0 else length(v_shape) - strpos(reverse(v_shape), '(') + 1 end;
  -- comparisons stand in if and where alone
  v_found := substring(substr(v_shape, v_from + 1) from format('^(?:%s[%s])*(?:%s)?', v_value, case
    when v_from = 0 then '+*' when substr(v_shape, v_from - 1, 1) in ('i', 'w') then '+*<&|,' else '+*,' end, v_value));
  v_at := v_from + length(v_found) + 1;
  v_sign := case when v_found ~ 'n~*$' then 'sign-expected' else 'value-expected' end;
  if v_at > length(v_shape) and v_sign = 'sign-expected' and v_from > 0 then
    return private.fault_at(v_text, v_places[v_from], 'not-closed', '(');
  elsif v_at > length(v_shape) then
    return private.fault_at(v_text, length(v_text) + 1, v_sign, '');
  elsif substr(v_shape, v_at, 1) = ')' and v_sign = 'sign-expected' and v_from > 0 then
    return private.fault_at(v_text, v_places[v_from], 'wrong-arguments', '(');
  end if;
  return private.fault_at(v_text, v_places[v_at], v_sign, substr(v_text, v_places[v_at], 1));
end $$;

-- A fault at a place of a text; lines and columns count from 1.
create or replace function private.fault_at(p_text text, p_at integer, p_code text, p_near text)
returns jsonb language sql immutable set search_path = '' as $$
  select jsonb_build_object('line', 1 + length(b.before) - length(replace(b.before, E'\n', '')),
    'column', 1 + length(substring(b.before from '[^\n]*$')), 'code', p_code, 'near', p_near)
  from (select left(p_text, p_at - 1) as before) b
$$;

-- The command `save_evaluation`: {board, baseVersion, formula, fromDay, reason}; `baseVersion` is 0 for the first. A
-- stale one raises WG002 with {version, savedAt, savedByName} of the newest. Rejections: not_allowed, invalid_formula
-- with `line:column code near`.
create or replace function private.save_evaluation(p_actor uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_board constant text := private.payload_word(p_payload, 'board', '{areas,departments,posts,field_staff}');
  v_base constant integer := private.payload_whole(p_payload, 'baseVersion', true, 0, 2147483646);
  v_formula constant text := private.payload_text(p_payload, 'formula', true, 2000);
  v_reason constant text := btrim(private.payload_text(p_payload, 'reason', true, 500));
  v_from constant date := private.payload_day(p_payload, 'fromDay');
  v_newest public.evaluation_formulas;
  v_fault jsonb;
begin
  perform private.refuse_unknown_fields(p_payload, '{board,baseVersion,formula,fromDay,reason}');
  if v_board is null then
    perform private.reject_command('missing_field', 'board');
  elsif private.is_blank(v_reason) then
    perform private.reject_command('missing_field', 'reason');
  elsif v_from is null then
    perform private.reject_command('missing_field', 'fromDay');
  elsif not private.may_edit_evaluations(p_actor, p_at) then
    perform private.reject_command('not_allowed');
  end if;
  v_fault := private.formula_fault(v_board, v_formula);
  if v_fault is not null then
    perform private.reject_command('invalid_formula', 'formula', format('%s:%s %s %s', v_fault ->> 'line',
      v_fault ->> 'column', v_fault ->> 'code', v_fault ->> 'near'));
  end if;
  -- the second of two editors waits, then sees the first's version
  perform pg_advisory_xact_lock(hashtextextended('evaluation ' || v_board, 0));
  select * into v_newest from public.evaluation_formulas f where f.board = v_board order by f.version desc limit 1;
  if coalesce(v_newest.version, 0) <> v_base then
    raise exception 'conflict' using errcode = 'WG002', detail = jsonb_build_object('code', 'conflict',
      'server', jsonb_build_object('version', coalesce(v_newest.version, 0), 'savedAt', v_newest.saved_at,
        'savedByName', (select p.display_name from public.profiles p where p.user_id = v_newest.saved_by)))::text;
  end if;
  insert into public.evaluation_formulas (board, version, formula, from_day, reason, saved_at, saved_by)
  values (v_board, v_base + 1, v_formula, v_from, v_reason, p_at, p_actor);
  return jsonb_build_object('version', v_base + 1);
end $$;

-- Sums of the rates by the column or expression `p_subject` of verdicts `v`, as SQL: subject, numerators and
-- denominators in the order of private.rate_rules.
create or replace function private.rate_sums(p_subject text)
returns text language sql stable set search_path = '' as $$
  select format('select %s as subject, array[%s] as numerators, array[%s] as denominators from v group by 1', p_subject,
    string_agg(format('coalesce(sum(v.n) filter (where %s), 0)', r.counted), ', ' order by r.ordinality),
    string_agg(format('coalesce(sum(v.n) filter (where %s), 0)', r.due), ', ' order by r.ordinality))
  from private.rate_rules() with ordinality r
$$;

-- Figures of areas of a level, or of departments: [{key, values, isGenerated}]. `$1` is the instant. Ratings count by whole
-- months of closing, as on the page of satisfaction.
create or replace function private.place_figures(p_board text, p_filter jsonb, p_level text, p_at timestamptz)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
declare
  v_scope constant private.incident_scope := private.resolve_scope();
  v_filter constant private.incident_filter := private.parse_filter(p_filter);
  v_areas constant boolean := p_board = 'areas';
  v_column constant text := case when p_board = 'areas' then 'area_code' else 'department_code' end;
  v_result jsonb;
begin
  execute format($q$
    with verdicts as materialized (%1$s), v as (
      select * from verdicts where not on_hold
    ), subject as materialized (%2$s), place as materialized (%3$s), rated as materialized (
      -- the areas of a subject first: an area has many verdicts
      %4$s
    ), rates as (
      select p.subject, r.n, sum(r.numerator) as numerator, sum(r.denominator) as denominator
      from rated x
      join place p on p.part = x.subject
      cross join lateral unnest(x.numerators, x.denominators) with ordinality r (numerator, denominator, n)
      group by 1, 2
    ), answers as (
      select p.subject, count(*) filter (where r.responded) as responded, count(r.responded) as responded_of,
        count(*) filter (where r.solved) as solved, count(r.solved) as solved_of,
        count(*) filter (where r.satisfied >= 4) as satisfied, count(r.satisfied) as satisfied_of,
        bool_or(r.is_generated) as is_generated
      from public.ratings r
      join place p on p.part = r.%5$I
      where not r.is_exempt and %6$s
        and ($2::date is null or r.closed_month >= $2) and ($3::date is null or r.closed_month <= $3)
        and ($4::text[] is null or r.area_code = any ($4)) and ($5::text[] is null or r.category_code = any ($5))
      group by 1
    ), called as (
      -- calls that are over, as the page of satisfaction counts them
      select p.subject, count(*) as n, count(*) filter (where q.answer < 128) as answered
      from (%9$s) q
      join place p on p.part = q.%5$I
      where q.way = 'callback' and not q.is_exempt and q.answer <> 128
        and ($2::date is null or q.closed_month >= $2) and ($3::date is null or q.closed_month <= $3)
        and ($4::text[] is null or q.area_code = any ($4)) and ($5::text[] is null or q.category_code = any ($5))
      group by 1
    ), spots as (
      select s.subject, count(*) as n
      from (
        select p.subject from public.incidents i
        join place p on p.part = i.%5$I
        where i.is_repeat and i.stage in ('filed', 'dispatched', 'handled', 'closed') and %7$s and %8$s
        group by p.subject, i.category_code, floor(i.lat * 1000), floor(i.lon * 1000)
        having count(*) >= 5) s
      group by 1
    )
    select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'isGenerated', coalesce(a.is_generated, false), 'values',
      (select jsonb_object_agg(w.rate, jsonb_build_array(coalesce(r.numerator, 0), coalesce(r.denominator, 0)))
        from unnest($6) with ordinality w (rate, n)
        left join rates r on r.subject = s.key and r.n = w.n)
      || jsonb_build_object('responded', jsonb_build_array(coalesce(a.responded, 0), coalesce(a.responded_of, 0)),
        'solved', jsonb_build_array(coalesce(a.solved, 0), coalesce(a.solved_of, 0)),
        'satisfied', jsonb_build_array(coalesce(a.satisfied, 0), coalesce(a.satisfied_of, 0)),
        'answered', jsonb_build_array(coalesce(c.answered, 0), coalesce(c.n, 0)),
        'repeat_places', coalesce(o.n, 0),
        -- past its time and not handled
        'overdue_pending', coalesce((select jsonb_build_array(r.denominator - r.numerator, r.denominator)
          from rates r where r.subject = s.key and r.n = array_position($6, 'handling')), '[0, 0]'))
      || case when s.households is null then '{}' else jsonb_build_object('households', s.households) end)
      order by s.key), '[]')
    from subject s
    left join answers a on a.subject = s.key
    left join called c on c.subject = s.key
    left join spots o on o.subject = s.key
    where $7 or a.subject is not null or exists (select from rates r where r.subject = s.key)
    $q$,
    private.verdict_query(v_scope, v_filter, case when v_areas then 'i.area_code' else 'null::text' end),
    case when v_areas then format($s$select a.code as key, a.path, a.households from public.areas a
        where a.level = %L and a.code = any (%L::text[]) and private.is_valid(a.valid_from, a.valid_to, private.city_today())
          and (%L::text[] is null or a.code = any (%L::text[]))$s$,
        p_level, v_scope.area_codes, v_filter.area_codes, v_filter.area_codes)
      -- who sees by department alone is told of none but theirs
      else format($s$select d.code as key, null::integer as households from public.departments d
        where %L or d.code = any (%L::text[])$s$, v_scope.area_codes <> '{}', v_scope.departments) end,
    case when v_areas then 'select s.key as subject, a.code as part from subject s
        join public.areas a on starts_with(a.path, s.path)'
      else 'select s.key as subject, s.key as part from subject s' end,
    private.rate_sums(case when v_areas then 'v.month' else 'v.department_code' end), v_column,
    private.scope_condition(v_scope, 'r'), private.scope_condition(v_scope, 'i'), private.filter_condition(v_filter),
    private.asked_query(v_scope))
  into v_result using p_at, v_filter.month_from, v_filter.month_to, v_filter.area_codes, v_filter.category_codes,
    array(select r.rate from private.rate_rules() r), v_areas;
  return v_result;
end $$;

-- Figures of people by the steps that they took last of their kind: [{key, name, role, areaCode, values}]. People are
-- the caller, and those of areas that the caller manages, leads or administers.
create or replace function private.person_figures(p_board text, p_filter jsonb, p_at timestamptz)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
declare
  v_scope constant private.incident_scope := private.resolve_scope();
  v_filter constant private.incident_filter := private.parse_filter(p_filter);
  -- steps that end a state's work as bits 1 to 8, a dispatch as 16, its return as 32
  v_steps constant text := $s$
    select l.district_code, l.incident_id, l.seq, coalesce(p.n, 0) as n, k.bits
    from %s
    join public.incident_log l on l.district_code = i.district_code and l.incident_id = i.id
    join public.workflow_stages f on f.workflow = i.workflow_code and f.code = l.data ->> 'from'
    left join public.workflow_stages t on t.workflow = i.workflow_code and t.code = l.data ->> 'to'
    left join person p on p.user_id = l.actor
    cross join lateral (
      select case when l.data ->> 'to' is distinct from f.code then
        case f.clock when 'verify' then 1 when 'dispatch' then case when l.stage_to = 'dispatched' then 4 else 0 end
          when 'check' then 8 else 0 end
        | case when l.stage_to = 'filed' and l.stage_from = 'reported' then 2 else 0 end
        | case when f.clock = 'dispatch' and t.clock = 'handle' then 16
          when f.clock = 'handle' and t.clock = 'dispatch' then 32 else 0 end
        else 0 end as bits) k
    where l.kind = 'transition' and k.bits > 0 and %s
    -- computed once: rows without their jsonb fit into memory
    offset 0 $s$;
  v_result jsonb;
begin
  execute format($q$
    with person as materialized (
      -- numbers fit beside a step's place into one integer, so that the last step is a plain maximum
      select m.*, row_number() over () as n
      from (
        select distinct on (m.user_id) m.user_id, p.display_name, m.role, m.area_code
        from public.memberships m
        join public.profiles p on p.user_id = m.user_id
        join public.areas a on a.code = m.area_code
        where m.user_id = any ($2) and m.role = any ($3) and private.is_valid(m.valid_from, m.valid_to, now())
        order by m.user_id, m.role desc, a.path) m
    ), last as materialized (
      -- the log is read once: of each incident stays who took the last step out of each kind of state
      select s.district_code, s.incident_id,
        max(s.seq::bigint << 24 | s.n) filter (where s.bits & 1 > 0) as verify,
        max(s.seq::bigint << 24 | s.n) filter (where s.bits & 2 > 0) as file,
        max(s.seq::bigint << 24 | s.n) filter (where s.bits & 4 > 0) as dispatch,
        max(s.seq::bigint << 24 | s.n) filter (where s.bits & 8 > 0) as checking,
        max(s.n) filter (where s.bits & 16 > 0) as sender, count(*) filter (where s.bits & 16 > 0) as sendings,
        coalesce(bool_or(s.bits & 32 > 0), false) as is_returned
      from (%2$s) s
      group by 1, 2
    ), v as materialized (
      select x.*, x.month >> 3 as person, x.month & 7 as kind from (%1$s) x where not x.on_hold
    ), done as materialized (
      -- added up once, not for each person
      select v.person, k.name, sum(v.n) filter (where k.verdict = 'in_time') as numerator, sum(v.n) as denominator
      from v
      join lateral (values
        (1, 'verifying_in_time', v.verifying), (2, 'filing_in_time', v.filing),
        (3, 'dispatch_in_time', v.dispatch), (4, 'checking_in_time', v.checking))
        as k (kind, name, verdict) on k.kind = v.kind
      where k.verdict in ('in_time', 'late')
      group by 1, 2
      union all
      select v.person, 'valid', sum(v.n) filter (where v.is_filed), sum(v.n)
      from v where v.kind = 5 and (v.is_filed or v.is_rejected) group by 1
      union all
      -- a dispatch is accurate unless the department gives it back; of the few that were dispatched again or given
      -- back the steps are put in order
      select x.n, 'dispatch_accurate', sum(x.kept), sum(x.made)
      from (
        select l.sender as n, count(*) as kept, count(*) as made
        from last l where l.sendings = 1 and not l.is_returned group by 1
        union all
        select r.n, count(*) filter (where r.next & 32 = 0), count(*)
        from (
          select s.n, s.bits, lead(s.bits, 1, 0) over (partition by s.district_code, s.incident_id order by s.seq) as next
          from (%3$s) s) r
        where r.bits & 16 > 0 group by 1) x
      where x.n > 0 group by 1
    )
    select coalesce(jsonb_agg(jsonb_build_object('key', p.user_id, 'name', p.display_name, 'role', p.role,
      'areaCode', p.area_code, 'values', (
        select jsonb_object_agg(w.name, jsonb_build_array(coalesce(d.numerator, 0), coalesce(d.denominator, 0)))
        from unnest($4) w (name)
        left join done d on d.person = p.n and d.name = w.name)) order by p.display_name, p.user_id), '[]')
    from person p
    $q$,
    private.verdict_query(v_scope, v_filter, 'took.who', $j$
      left join last on last.district_code = i.district_code and last.incident_id = i.id
      left join person reporter on reporter.user_id = i.reported_by
      cross join lateral (
        select (k.last & 16777215) << 3 | k.kind as who
        from (values (1, last.verify), (2, last.file), (3, last.dispatch), (4, last.checking), (5, reporter.n)) k (kind, last)
        where k.last & 16777215 > 0) took $j$, true),
    format(v_steps, 'public.incidents i', 'not i.on_hold and ' || private.scope_condition(v_scope, 'i') || ' and '
      || private.filter_condition(v_filter)),
    format(v_steps, $z$ (
      select i.district_code, i.id, i.workflow_code from last z
      join public.incidents i on i.district_code = z.district_code and i.id = z.incident_id
      where z.sendings > 1 or z.is_returned) i $z$, 'k.bits & 48 > 0'))
  into v_result using p_at, private.scope_people(),
    case p_board when 'posts' then '{grid_manager,admin}'::text[] else '{field_staff}'::text[] end,
    private.score_names(p_board);
  return v_result;
end $$;

-- A board at an instant.
create or replace function private.evaluation_board_at(p_board text, p_filter jsonb, p_level text, p_at timestamptz)
returns jsonb language plpgsql stable security definer set search_path = '' set timezone = 'UTC'
set max_parallel_workers_per_gather = 0 set work_mem = '64MB' set enable_mergejoin = off
-- the rows of a year are underestimated: sorted they would go to the disk
set enable_sort = off set jit = off as $$
declare
  v_user constant uuid := private.require_user();
begin
  if (p_board in ('areas', 'departments', 'posts', 'field_staff')) is not true then
    raise exception 'p_board: areas, departments, posts or field_staff' using errcode = '22023', detail = 'p_board';
  elsif p_board = 'areas' and private.level_rank(p_level) is null then
    raise exception 'p_level: a level of areas' using errcode = '22023', detail = 'p_level';
  elsif p_board <> all (private.readable_boards()) then
    raise exception 'this board judges others' using errcode = '42501';
  end if;
  return jsonb_build_object('asOf', p_at, 'canEdit', private.may_edit_evaluations(v_user, p_at),
    'rows', case when p_board in ('areas', 'departments') then private.place_figures(p_board, p_filter, p_level, p_at)
      else private.person_figures(p_board, p_filter, p_at) end,
    'versions', (
      select coalesce(jsonb_agg(jsonb_build_object('version', f.version, 'formula', f.formula, 'fromDay', f.from_day,
        'reason', f.reason, 'savedAt', f.saved_at, 'savedByName', p.display_name) order by f.version desc), '[]')
      from public.evaluation_formulas f
      join public.profiles p on p.user_id = f.saved_by
      where f.board = p_board));
end $$;

create or replace function private.evaluation_board(p_board text, p_filter jsonb, p_level text)
returns jsonb language sql stable security definer set search_path = '' as $$
  select private.evaluation_board_at(p_board, p_filter, p_level, now())
$$;

-- Counts behind a board's score, within the caller's sight, and all versions of its formula, the newest first.
-- `p_board` is `areas` (of `p_level`), `departments`, `posts` (people who file, dispatch and close) or `field_staff`.
-- Rates are those of incident_rates by area and department, answers those of ratings by whole months of closing; people
-- are judged by steps that they took. Handlers read the board of departments, field staff those of areas and field
-- staff, all others every board. The command `save_evaluation` adds a version.
-- Returns `{asOf, canEdit, rows: [{key, values: {name: [numerator, denominator] or number}, isGenerated}], versions:
-- [{version, formula, fromDay, reason, savedAt, savedByName}]}`; rows of people have `name`, `role` and `areaCode` instead of
-- `isGenerated`.
-- Errors: 42501, also for a board that judges others; 22023 for a wrong board, level or filter.
create or replace function public.evaluation_board(p_board text, p_filter jsonb, p_level text default 'district')
returns jsonb language sql stable set search_path = '' as $$
  select private.evaluation_board(p_board, p_filter, p_level)
$$;
grant execute on function private.evaluation_board(text, jsonb, text), public.evaluation_board(text, jsonb, text)
to authenticated;
