-- What people look at and do: figures of closed panes and values of monitors over time, the course of a job, who did what, and the label queue.

-- Per adapter. Kept as long as their pane, small enough to draw a year from; the profiles stay what everything is decided by.
create table pane_figures (
  model text not null,
  pane bigint not null,
  adapter text not null,
  rows bigint not null,
  -- outcomes: sums of 1 - score and of its square
  labelled bigint not null,
  loss double precision not null,
  squares double precision not null,
  confident bigint not null,
  confidence double precision not null,
  unseen_rows bigint not null,
  unseen double precision not null,
  primary key (model, pane, adapter),
  foreign key (model, pane) references panes (model, pane) on delete cascade
);

create table monitor_values (
  model text not null,
  pane bigint not null,
  monitor text not null,
  value double precision not null,
  threshold double precision not null,
  alarm boolean not null,
  primary key (model, pane, monitor),
  foreign key (model, pane) references panes (model, pane) on delete cascade
);

create index panes_closed on panes (model, closed_at);

create table run_progress (
  run_id text not null references runs (id) on delete cascade,
  state text not null,
  step integer not null,
  steps integer not null,
  loss double precision not null,
  tokens_per_second double precision not null,
  at timestamptz not null,
  primary key (run_id, state, step)
);

create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  who text not null,
  role text not null,
  action text not null,
  model text,
  subject text not null,
  reason text,
  -- null: begun and never ended, as when the process died
  outcome text
);
create index audit_model on audit (model, id);

-- Labels of predictions that were chosen for their answer are no fair sample: they teach, and never measure.
alter table feedback add column chosen boolean not null default false;
alter table labelled_rows add column chosen boolean not null default false;

create table queue_skips (
  model text not null references models (name) on delete cascade,
  prediction_id text not null,
  skipped_by text not null,
  at timestamptz not null,
  primary key (model, prediction_id)
);
