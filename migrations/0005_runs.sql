-- Why runs start, and the runs themselves.

-- The last due time of each schedule that was taken: the update is the lock, so a due time fires once over all replicas.
create table schedules (
  model text primary key references models on delete cascade,
  last_due timestamptz not null
);

create table triggers (
  id text primary key,
  model text not null references models on delete cascade,
  reason text not null check (reason in ('schedule', 'drift', 'performance', 'labels', 'webhook', 'manual')),
  decision text not null check (decision in ('fired', 'waiting', 'declined', 'coalesced')),
  -- why it was so decided, in words for a person
  why text not null,
  evidence jsonb not null,
  created_at timestamptz not null,
  decided_at timestamptz not null,
  run_id text
);
create unique index triggers_waiting on triggers (model, reason) where decision = 'waiting';
create index triggers_model on triggers (model, created_at);

create table runs (
  id text primary key,
  model text not null references models on delete cascade,
  number int not null,
  trigger_id text not null references triggers,
  spec_version int not null,
  state text not null check (state in ('collect', 'train', 'evaluate', 'rollout', 'watch', 'done')),
  outcome text check (outcome in ('promoted', 'rejected', 'not-enough-evidence', 'rolled-back', 'failed', 'cancelled')),
  reason text,
  -- moves with every change of state; a step that holds an older one writes nothing
  fence int not null default 0,
  attempt int not null default 0,
  dataset text,
  champion text,
  challenger text,
  job jsonb,
  evaluation jsonb,
  rollout jsonb,
  watch jsonb,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  finished_at timestamptz,
  unique (model, number),
  check ((state = 'done') = (outcome is not null))
);
-- One run at a time per model; a promotion that is being watched does not hold up the next run.
create unique index runs_active on runs (model) where state in ('collect', 'train', 'evaluate', 'rollout');

-- Every change of state, for the page and for the person who asks what happened.
create table run_steps (
  run_id text not null references runs on delete cascade,
  fence int not null,
  state text not null,
  at timestamptz not null,
  detail jsonb not null,
  primary key (run_id, fence)
);
