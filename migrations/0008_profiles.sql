-- Profiles of features, of parts of the traffic, and of one row a cluster.

-- What a reference learnt from traffic after its promotion, whole; the last holds. Only ever added to.
create table supplements (
  reference text not null references "references" on delete cascade,
  seq int not null,
  body bytea not null,
  created_at timestamptz not null,
  primary key (reference, seq)
);

-- Clusters that have a row in an open pane: whoever gets in here is the one that is profiled. Deleted when the pane is folded.
create table pane_clusters (
  model text not null references models on delete cascade,
  pane bigint not null,
  -- predictions and outcomes are counted apart
  outcome boolean not null,
  cluster bigint not null,
  primary key (model, pane, outcome, cluster)
);

-- Specs from before divide nothing.
update models set spec = jsonb_set(spec, '{monitor,segments}', '[]') where spec #> '{monitor,segments}' is null;
update model_versions set spec = jsonb_set(spec, '{monitor,segments}', '[]') where spec #> '{monitor,segments}' is null;

-- A delta lives for one pane and is counts packed tightly: compressing it costs more than it saves.
alter table pane_deltas alter column profile set storage external;
