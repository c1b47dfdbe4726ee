-- Predictions, feedback, and the profile deltas that are written with them.

-- The open pane of a model. Ingest reads it under a shared advisory lock, the closer moves it on under an exclusive one.
create table panes (
  model text not null references models on delete cascade,
  pane bigint not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  primary key (model, pane)
);
create unique index panes_open on panes (model) where closed_at is null;

create table predictions (
  model text not null,
  id text not null,
  received_at timestamptz not null,
  occurred_at timestamptz,
  pane bigint not null,
  adapter text,
  input text not null,
  label text not null,
  confidence double precision,
  scores jsonb,
  features jsonb,
  segment text
) partition by range (received_at);
-- With the time: else a look-up by id and time may walk all rows of a batch, which share their time, by the next index.
create index predictions_id on predictions (model, id, received_at);
create index predictions_time on predictions (model, received_at);

-- Makes ingest idempotent over seven days: predictions is partitioned by time and so cannot hold a unique id itself.
create table prediction_ids (
  model text not null,
  id text not null,
  received_at timestamptz not null,
  primary key (model, id)
);
create index prediction_ids_time on prediction_ids using brin (received_at);

create table feedback (
  model text not null,
  id text not null,
  prediction_id text not null,
  received_at timestamptz not null,
  label text not null,
  -- the first feedback of a prediction feeds the monitors; later ones change reports and datasets
  first boolean not null,
  -- null while its prediction has not come yet
  matched_at timestamptz,
  -- order of arrival: two feedbacks of one batch have the same time
  seq bigint generated always as identity,
  primary key (model, id)
);
-- Whoever gets in here was first: two requests at once cannot both be.
create unique index feedback_first on feedback (model, prediction_id) where first;
create index feedback_unmatched on feedback (model, prediction_id) where matched_at is null;

-- One row a transaction and key; inserted, never updated, deleted when the pane is folded.
create table pane_deltas (
  seq bigint generated always as identity primary key,
  model text not null,
  pane bigint not null,
  adapter text not null,
  reference text not null,
  profile bytea not null
);
create index pane_deltas_pane on pane_deltas (model, pane);
