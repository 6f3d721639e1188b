-- Who published and withdrew public figures, and when. A null person is the owner's command.
create table private.publication_acts (
  publication_id integer not null references public.publications (id),
  act text not null constraint publication_acts_act_check check (act in ('published', 'withdrawn')),
  done_by uuid references public.profiles (user_id),
  done_at timestamptz not null default now(),
  primary key (publication_id, act)
);
create index publication_acts_done_by_idx on private.publication_acts (done_by);
alter table private.publication_acts enable row level security;
