-- Webhooks: who may call us and what came in; whom we call, and what we have to tell them.

create table webhook_sources (
  name text primary key,
  format text not null check (format in ('standard', 'github', 'alertmanager', 'cloudevents', 'trimtab')),
  -- how a request proves that it is the source's
  auth text not null check (auth in ('standard', 'github', 'bearer', 'basic')),
  -- whose retraining it asks for; null: each message names its model
  model text references models on delete cascade,
  -- types of message that ask for a run; empty: all
  types text[] not null,
  -- shortest time between two triggers of one model by this source
  cooldown text not null,
  -- [{sealed, until}], the newest first; until null: valid for good
  secrets jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

-- Every message that asked for a run: the store of ids against replays, and the queue to the triggers.
create table webhook_inbox (
  source text not null references webhook_sources on delete cascade,
  id text not null,
  model text not null references models on delete cascade,
  type text not null,
  why text not null,
  evidence jsonb not null,
  received_at timestamptz not null,
  -- when it became a trigger, alone or with others
  taken_at timestamptz,
  trigger_id text,
  primary key (source, id)
);
create index webhook_inbox_waiting on webhook_inbox (model, received_at) where taken_at is null;
create index webhook_inbox_taken on webhook_inbox (source, model, taken_at);

create table webhook_endpoints (
  name text primary key,
  -- sealed: the address of a Slack hook is a secret
  url text not null,
  target text not null check (target in ('standard', 'slack', 'pagerduty')),
  -- null: of all models
  model text references models on delete cascade,
  types text[] not null,
  -- as in webhook_sources
  secrets jsonb not null,
  -- PagerDuty's key, sealed
  routing_key text,
  failing_since timestamptz,
  disabled_at timestamptz,
  disabled_why text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

-- One row for each endpoint and event, written in the transaction of the event: what was committed is told, what was rolled back is not.
create table webhook_deliveries (
  id text primary key,
  -- the order in which an endpoint is told
  seq bigint generated always as identity,
  endpoint text not null references webhook_endpoints on delete cascade,
  type text not null,
  model text,
  at timestamptz not null,
  data jsonb not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'skipped')),
  -- of all time, and since it was last replayed: the place in the table of retries
  attempts int not null default 0,
  tries int not null default 0,
  due_at timestamptz not null,
  ended_at timestamptz
);
create index webhook_deliveries_next on webhook_deliveries (endpoint, seq) where state = 'pending';
create index webhook_deliveries_endpoint on webhook_deliveries (endpoint, seq);
create index webhook_deliveries_time on webhook_deliveries (at);

create table webhook_attempts (
  delivery text not null references webhook_deliveries on delete cascade,
  n int not null,
  at timestamptz not null,
  -- of the answer; null when there was none
  status int,
  -- null: delivered
  problem text,
  seconds double precision not null,
  primary key (delivery, n)
);

-- Queues an event for every endpoint that wants it. It takes part in the transaction that makes the event, so nothing is lost between the two.
create function webhook_tell(type text, model text, at timestamptz, data jsonb) returns void language sql as $$
  insert into webhook_deliveries (id, endpoint, type, model, at, data, due_at)
  select 'msg_' || replace(gen_random_uuid()::text, '-', ''), e.name, $1, $2, $3, $4, $3
  from webhook_endpoints e
  where $1 = any (e.types) and (e.model is null or e.model = $2) and e.name is distinct from $4 ->> 'endpoint'
  order by e.name;
$$;

create function webhook_tell_incident() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' or new.state <> old.state then
    perform webhook_tell(
      case new.state when 'open' then 'incident.opened' else 'incident.' || new.state end, new.model,
      case new.state when 'acknowledged' then new.acknowledged_at when 'resolved' then new.resolved_at else new.last_alarm_at end,
      jsonb_build_object('incident', new.id, 'monitor', new.monitor, 'adapter', new.adapter, 'state', new.state, 'alarms', new.alarms,
        'effect', new.evidence -> 'effect', 'openedAt', new.opened_at, 'acknowledgedBy', new.acknowledged_by));
  end if;
  return null;
end $$;
create trigger webhook_tell after insert or update of state on incidents for each row execute function webhook_tell_incident();

create function webhook_tell_trigger() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' or new.decision <> old.decision then
    perform webhook_tell('trigger.decided', new.model, new.decided_at,
      jsonb_build_object('trigger', new.id, 'reason', new.reason, 'decision', new.decision, 'why', new.why));
  end if;
  return null;
end $$;
create trigger webhook_tell after insert or update of decision on triggers for each row execute function webhook_tell_trigger();

create function webhook_tell_run() returns trigger language plpgsql as $$
declare run runs%rowtype;
begin
  select * into run from runs where id = new.run_id;
  perform webhook_tell(case new.state when 'done' then 'run.outcome' else 'run.state' end, run.model, new.at,
    jsonb_build_object('run', run.id, 'trigger', run.trigger_id, 'state', new.state, 'outcome', run.outcome, 'reason', run.reason,
      'champion', run.champion, 'challenger', run.challenger));
  return null;
end $$;
create trigger webhook_tell after insert on run_steps for each row execute function webhook_tell_run();

create function webhook_tell_promotion() returns trigger language plpgsql as $$
begin
  perform webhook_tell(new.kind, new.model, new.at,
    jsonb_build_object('seq', new.seq, 'adapter', new.adapter, 'previous', new.previous, 'run', new.run_id, 'reason', new.reason, 'by', new."by"));
  return null;
end $$;
create trigger webhook_tell after insert on promotions for each row execute function webhook_tell_promotion();

create function webhook_tell_disabled() returns trigger language plpgsql as $$
begin
  if old.disabled_at is null and new.disabled_at is not null then
    perform webhook_tell('webhook.disabled', null, new.disabled_at, jsonb_build_object('endpoint', new.name, 'why', new.disabled_why));
  end if;
  return null;
end $$;
create trigger webhook_tell after update of disabled_at on webhook_endpoints for each row execute function webhook_tell_disabled();
