-- Labelled rows, their side of the exam, and the snapshots made of them.

create table labelled_rows (
  model text not null,
  -- the prediction's id, or the id given at import
  id text not null,
  origin text not null check (origin in ('feedback', 'import', 'synthetic')),
  text text not null,
  label text not null,
  segment text,
  -- when the row was first labelled: decides whether it is current
  labelled_at timestamptz not null,
  corrected_at timestamptz,
  -- null until the dataset builder has seen it; then fixed for ever
  side text check (side in ('train', 'exam', 'neither')),
  primary key (model, id)
);
create index labelled_rows_new on labelled_rows (model, id) where side is null;
create index labelled_rows_time on labelled_rows (model, labelled_at);

-- MinHash bands of the rows that have a side, to find near-duplicates.
create table labelled_bands (
  model text not null,
  band bigint not null,
  row_id text not null,
  primary key (model, band, row_id)
);

create table datasets (
  id text primary key,
  model text not null references models on delete cascade,
  run_id text not null unique,
  manifest jsonb not null,
  created_at timestamptz not null
);
