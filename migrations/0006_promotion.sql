-- Adapters, which of them was live when, and the decision records.

create table adapters (
  id text primary key,
  model text not null references models on delete cascade,
  version int not null,
  run_id text not null unique,
  sha256 text not null,
  base_sha256 text not null,
  labels jsonb not null,
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

-- One chain a model: hash = sha256(previous hash, body). The body is text, since jsonb would not keep its bytes.
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
create index records_run on records (run_id);
