-- What drift is measured against, what was measured, and what was found.

create table "references" (
  id text primary key,
  model text not null references models on delete cascade,
  adapter text not null,
  body bytea not null,
  created_at timestamptz not null
);

-- The sum of a closed pane's deltas.
create table pane_profiles (
  model text not null,
  pane bigint not null,
  adapter text not null,
  reference text not null,
  profile bytea not null,
  primary key (model, pane, adapter, reference)
);

-- State of one e-detector. `pane` fences it: a pane is folded into it once.
create table monitors (
  model text not null references models on delete cascade,
  monitor text not null,
  reference text not null,
  pane bigint not null,
  state jsonb not null,
  updated_at timestamptz not null,
  primary key (model, monitor, reference)
);

create table incidents (
  id text primary key,
  model text not null references models on delete cascade,
  monitor text not null,
  adapter text not null,
  reference text not null,
  pane bigint not null,
  state text not null check (state in ('open', 'acknowledged', 'resolved')),
  -- effect, interval, tolerance, guarantee, sample ids and all that is needed to compute them again
  evidence jsonb not null,
  alarms int not null default 1,
  opened_at timestamptz not null,
  last_alarm_at timestamptz not null,
  acknowledged_at timestamptz,
  acknowledged_by text,
  resolved_at timestamptz
);
create unique index incidents_latched on incidents (model, monitor) where state <> 'resolved';
create index incidents_model on incidents (model, opened_at);
