-- Adapters, which of them was live when, and the decision records.

create table adapters (
  id text primary key,
  model text not null references models on delete cascade,
  version int not null,
  run_id text not null unique,
  -- of adapter_model.safetensors
  sha256 text not null,
  base_sha256 text not null,
  labels jsonb not null,
  -- name of each of its files -> digest in the object store
  files jsonb not null,
  created_at timestamptz not null,
  unique (model, version)
);

-- What is live now. `seq` is the compare-and-swap key: it is the promotion that made it so.
create table live (
  model text primary key references models on delete cascade,
  adapter text not null references adapters,
  reference text not null references "references",
  seq bigint not null
);

-- What was live, from when on; never updated.
create table promotions (
  model text not null references models on delete cascade,
  seq bigint not null,
  kind text not null check (kind in ('promotion', 'rollback')),
  adapter text not null references adapters,
  reference text not null references "references",
  previous text,
  run_id text,
  reason text not null,
  by text not null,
  at timestamptz not null,
  primary key (model, seq)
);
-- A run that is taken up again after a crash promotes, and rolls back, once.
create unique index promotions_run on promotions (run_id, kind);
create index promotions_adapter on promotions (model, adapter, seq);

-- The rows that a watch has scored, in the order in which they were bet on: the watch can be computed again from them.
create table watch_rows (
  run_id text not null,
  seq int not null,
  model text not null references models on delete cascade,
  feedback_id text not null,
  -- score of the previous adapter minus that of the live one
  difference smallint not null,
  primary key (run_id, seq),
  unique (run_id, feedback_id)
);
-- A watch reads feedback in the order in which it met its prediction.
create index feedback_matched on feedback (model, matched_at, seq) where first;

-- One chain a model: hash = sha256(previous hash + body). The body is text, since jsonb would not keep its bytes; it repeats the
-- other columns, so that they are covered by the hash too.
create table records (
  id text primary key,
  model text not null references models on delete cascade,
  seq bigint not null,
  run_id text,
  kind text not null,
  body text not null,
  previous text not null,
  hash text not null,
  created_at timestamptz not null,
  unique (model, seq)
);
create unique index records_run on records (run_id, kind);
