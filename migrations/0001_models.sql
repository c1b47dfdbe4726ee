-- Models and their policies; keys that may speak to the service.

create table models (
  name text primary key,
  spec jsonb not null,
  version int not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

-- Every spec that ever was in force: a record names the version that it was decided under.
create table model_versions (
  model text not null references models on delete cascade,
  version int not null,
  spec jsonb not null,
  created_at timestamptz not null,
  primary key (model, version)
);

create table api_keys (
  id text primary key,
  name text not null,
  role text not null check (role in ('viewer', 'ingest', 'operator', 'admin')),
  -- sha256 of the key: the key itself is shown once and never stored
  hash bytea not null unique,
  created_at timestamptz not null,
  revoked_at timestamptz
);
