-- The clocks of incidents.

-- The incident with its clocks after a transition: `p_effects` may hold, resume or extend them.
create or replace function private.turn_clocks(p_old public.incidents, p_new public.incidents,
  p_effects text[], p_values jsonb, p_at timestamptz)
returns public.incidents language plpgsql set search_path = '' as $$
begin
  return p_new;
end $$;
