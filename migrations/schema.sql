-- Made by `npm run schema:dump` from the migrations; do not edit.

create table adapters (
  id text not null,
  model text not null,
  version integer not null,
  run_id text not null,
  sha256 text not null,
  base_sha256 text not null,
  labels jsonb not null,
  files jsonb not null,
  created_at timestamp with time zone not null,
  constraint adapters_pkey PRIMARY KEY (id),
  constraint adapters_model_version_key UNIQUE (model, version),
  constraint adapters_run_id_key UNIQUE (run_id),
  constraint adapters_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);

create table api_keys (
  id text not null,
  name text not null,
  role text not null,
  hash bytea not null,
  created_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_hash_key UNIQUE (hash),
  constraint api_keys_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'ingest'::text, 'operator'::text, 'admin'::text])))
);

create table audit (
  id bigint not null generated always as identity,
  at timestamp with time zone not null,
  who text not null,
  role text not null,
  action text not null,
  model text,
  subject text not null,
  reason text,
  outcome text,
  detail text,
  constraint audit_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_model ON public.audit USING btree (model, id);

create table calibrations (
  reference text not null,
  metric text not null,
  bins jsonb not null,
  constraint calibrations_pkey PRIMARY KEY (reference),
  constraint calibrations_reference_fkey FOREIGN KEY (reference) REFERENCES "references"(id) ON DELETE CASCADE
);

create table datasets (
  id text not null,
  model text not null,
  run_id text not null,
  manifest jsonb not null,
  created_at timestamp with time zone not null,
  constraint datasets_pkey PRIMARY KEY (id),
  constraint datasets_run_id_key UNIQUE (run_id),
  constraint datasets_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);

create table feedback (
  model text not null,
  id text not null,
  prediction_id text not null,
  received_at timestamp with time zone not null,
  label text,
  first boolean not null,
  matched_at timestamp with time zone,
  seq bigint not null generated always as identity,
  score double precision,
  chosen boolean not null default false,
  constraint feedback_pkey PRIMARY KEY (model, id),
  constraint feedback_says CHECK (((label IS NULL) <> (score IS NULL)))
);
CREATE UNIQUE INDEX feedback_first ON public.feedback USING btree (model, prediction_id) WHERE first;
CREATE INDEX feedback_matched ON public.feedback USING btree (model, matched_at, seq) WHERE first;
CREATE INDEX feedback_unmatched ON public.feedback USING btree (model, prediction_id) WHERE (matched_at IS NULL);

create table incidents (
  id text not null,
  model text not null,
  monitor text not null,
  adapter text not null,
  reference text not null,
  pane bigint not null,
  state text not null,
  evidence jsonb not null,
  alarms integer not null default 1,
  opened_at timestamp with time zone not null,
  last_alarm_at timestamp with time zone not null,
  acknowledged_at timestamp with time zone,
  acknowledged_by text,
  resolved_at timestamp with time zone,
  level text not null default 'log'::text,
  joined text[] not null default '{}'::text[],
  muted_until timestamp with time zone,
  muted_by text,
  mute_reason text,
  constraint incidents_pkey PRIMARY KEY (id),
  constraint incidents_level_check CHECK ((level = ANY (ARRAY['log'::text, 'ticket'::text, 'page'::text]))),
  constraint incidents_state_check CHECK ((state = ANY (ARRAY['open'::text, 'acknowledged'::text, 'resolved'::text]))),
  constraint incidents_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);
CREATE UNIQUE INDEX incidents_latched ON public.incidents USING btree (model, monitor) WHERE (state <> 'resolved'::text);
CREATE INDEX incidents_model ON public.incidents USING btree (model, opened_at);
CREATE TRIGGER webhook_tell AFTER INSERT OR UPDATE OF state, level ON public.incidents FOR EACH ROW EXECUTE FUNCTION webhook_tell_incident();

create table labelled_bands (
  model text not null,
  band bigint not null,
  row_id text not null,
  constraint labelled_bands_pkey PRIMARY KEY (model, band, row_id)
);

create table labelled_rows (
  model text not null,
  id text not null,
  origin text not null,
  text text not null,
  label text not null,
  segment text,
  labelled_at timestamp with time zone not null,
  corrected_at timestamp with time zone,
  side text,
  chosen boolean not null default false,
  constraint labelled_rows_pkey PRIMARY KEY (model, id),
  constraint labelled_rows_origin_check CHECK ((origin = ANY (ARRAY['feedback'::text, 'import'::text, 'synthetic'::text]))),
  constraint labelled_rows_side_check CHECK ((side = ANY (ARRAY['train'::text, 'exam'::text, 'neither'::text])))
);
CREATE INDEX labelled_rows_new ON public.labelled_rows USING btree (model, id) WHERE (side IS NULL);
CREATE INDEX labelled_rows_time ON public.labelled_rows USING btree (model, labelled_at);

create table live (
  model text not null,
  adapter text not null,
  reference text not null,
  seq bigint not null,
  constraint live_pkey PRIMARY KEY (model),
  constraint live_adapter_fkey FOREIGN KEY (adapter) REFERENCES adapters(id),
  constraint live_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE,
  constraint live_reference_fkey FOREIGN KEY (reference) REFERENCES "references"(id)
);

create table model_versions (
  model text not null,
  version integer not null,
  spec jsonb not null,
  created_at timestamp with time zone not null,
  constraint model_versions_pkey PRIMARY KEY (model, version),
  constraint model_versions_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);

create table models (
  name text not null,
  spec jsonb not null,
  version integer not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint models_pkey PRIMARY KEY (name)
);

create table monitor_values (
  model text not null,
  pane bigint not null,
  monitor text not null,
  value double precision not null,
  threshold double precision not null,
  alarm boolean not null,
  constraint monitor_values_pkey PRIMARY KEY (model, pane, monitor),
  constraint monitor_values_model_pane_fkey FOREIGN KEY (model, pane) REFERENCES panes(model, pane) ON DELETE CASCADE
);

create table monitors (
  model text not null,
  monitor text not null,
  reference text not null,
  pane bigint not null,
  state jsonb not null,
  updated_at timestamp with time zone not null,
  constraint monitors_pkey PRIMARY KEY (model, monitor, reference),
  constraint monitors_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);

create table outcomes (
  model text not null,
  prediction_id text not null,
  predicted_at timestamp with time zone not null,
  arrived_at timestamp with time zone not null,
  adapter text,
  segment text,
  confidence double precision,
  metric text not null,
  first_score double precision not null,
  score double precision not null,
  said text not null,
  repeats integer not null,
  contradictions integer not null,
  constraint outcomes_pkey PRIMARY KEY (model, prediction_id)
);
CREATE INDEX outcomes_time ON public.outcomes USING btree (model, predicted_at);

create table pane_clusters (
  model text not null,
  pane bigint not null,
  outcome boolean not null,
  cluster bigint not null,
  constraint pane_clusters_pkey PRIMARY KEY (model, pane, outcome, cluster),
  constraint pane_clusters_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);

create table pane_deltas (
  seq bigint not null generated always as identity,
  model text not null,
  pane bigint not null,
  adapter text not null,
  reference text not null,
  profile bytea not null,
  constraint pane_deltas_pkey PRIMARY KEY (seq)
);
CREATE INDEX pane_deltas_pane ON public.pane_deltas USING btree (model, pane);

create table pane_figures (
  model text not null,
  pane bigint not null,
  adapter text not null,
  rows bigint not null,
  labelled bigint not null,
  loss double precision not null,
  squares double precision not null,
  confident bigint not null,
  confidence double precision not null,
  unseen_rows bigint not null,
  unseen double precision not null,
  constraint pane_figures_pkey PRIMARY KEY (model, pane, adapter),
  constraint pane_figures_model_pane_fkey FOREIGN KEY (model, pane) REFERENCES panes(model, pane) ON DELETE CASCADE
);

create table pane_profiles (
  model text not null,
  pane bigint not null,
  adapter text not null,
  reference text not null,
  profile bytea not null,
  constraint pane_profiles_pkey PRIMARY KEY (model, pane, adapter, reference)
);

create table panes (
  model text not null,
  pane bigint not null,
  opened_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  constraint panes_pkey PRIMARY KEY (model, pane),
  constraint panes_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);
CREATE INDEX panes_closed ON public.panes USING btree (model, closed_at);
CREATE UNIQUE INDEX panes_open ON public.panes USING btree (model) WHERE (closed_at IS NULL);

create table prediction_ids (
  model text not null,
  id text not null,
  received_at timestamp with time zone not null,
  constraint prediction_ids_pkey PRIMARY KEY (model, id)
);
CREATE INDEX prediction_ids_time ON public.prediction_ids USING brin (received_at);

create table predictions (
  model text not null,
  id text not null,
  received_at timestamp with time zone not null,
  occurred_at timestamp with time zone,
  pane bigint not null,
  adapter text,
  input text not null,
  label text not null,
  confidence double precision,
  scores jsonb,
  features jsonb,
  segment text
) partition by range (received_at);
CREATE INDEX predictions_id ON ONLY public.predictions USING btree (model, id, received_at);
CREATE INDEX predictions_time ON ONLY public.predictions USING btree (model, received_at);

create table promotions (
  model text not null,
  seq bigint not null,
  kind text not null,
  adapter text not null,
  reference text not null,
  previous text,
  run_id text,
  reason text not null,
  by text not null,
  at timestamp with time zone not null,
  constraint promotions_pkey PRIMARY KEY (model, seq),
  constraint promotions_kind_check CHECK ((kind = ANY (ARRAY['promotion'::text, 'rollback'::text]))),
  constraint promotions_adapter_fkey FOREIGN KEY (adapter) REFERENCES adapters(id),
  constraint promotions_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE,
  constraint promotions_reference_fkey FOREIGN KEY (reference) REFERENCES "references"(id)
);
CREATE INDEX promotions_adapter ON public.promotions USING btree (model, adapter, seq);
CREATE UNIQUE INDEX promotions_run ON public.promotions USING btree (run_id, kind);
CREATE TRIGGER webhook_tell AFTER INSERT ON public.promotions FOR EACH ROW EXECUTE FUNCTION webhook_tell_promotion();

create table queue_skips (
  model text not null,
  prediction_id text not null,
  skipped_by text not null,
  at timestamp with time zone not null,
  constraint queue_skips_pkey PRIMARY KEY (model, prediction_id),
  constraint queue_skips_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);

create table records (
  id text not null,
  model text not null,
  seq bigint not null,
  run_id text,
  kind text not null,
  body text not null,
  previous text not null,
  hash text not null,
  created_at timestamp with time zone not null,
  constraint records_pkey PRIMARY KEY (id),
  constraint records_model_seq_key UNIQUE (model, seq),
  constraint records_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);
CREATE UNIQUE INDEX records_run ON public.records USING btree (run_id, kind);

create table "references" (
  id text not null,
  model text not null,
  adapter text not null,
  body bytea not null,
  created_at timestamp with time zone not null,
  constraint references_pkey PRIMARY KEY (id),
  constraint references_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);

create table run_progress (
  run_id text not null,
  state text not null,
  step integer not null,
  steps integer not null,
  loss double precision not null,
  tokens_per_second double precision not null,
  at timestamp with time zone not null,
  constraint run_progress_pkey PRIMARY KEY (run_id, state, step),
  constraint run_progress_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE
);

create table run_steps (
  run_id text not null,
  fence integer not null,
  state text not null,
  at timestamp with time zone not null,
  detail jsonb not null,
  constraint run_steps_pkey PRIMARY KEY (run_id, fence),
  constraint run_steps_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE
);
CREATE TRIGGER webhook_tell AFTER INSERT ON public.run_steps FOR EACH ROW EXECUTE FUNCTION webhook_tell_run();

create table runs (
  id text not null,
  model text not null,
  number integer not null,
  trigger_id text not null,
  spec_version integer not null,
  state text not null,
  outcome text,
  reason text,
  fence integer not null default 0,
  attempt integer not null default 0,
  dataset text,
  champion text,
  challenger text,
  job jsonb,
  evaluation jsonb,
  rollout jsonb,
  watch jsonb,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  constraint runs_pkey PRIMARY KEY (id),
  constraint runs_model_number_key UNIQUE (model, number),
  constraint runs_check CHECK (((state = 'done'::text) = (outcome IS NOT NULL))),
  constraint runs_outcome_check CHECK ((outcome = ANY (ARRAY['promoted'::text, 'rejected'::text, 'not-enough-evidence'::text, 'rolled-back'::text, 'failed'::text, 'cancelled'::text]))),
  constraint runs_state_check CHECK ((state = ANY (ARRAY['collect'::text, 'train'::text, 'evaluate'::text, 'rollout'::text, 'watch'::text, 'done'::text]))),
  constraint runs_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE,
  constraint runs_trigger_id_fkey FOREIGN KEY (trigger_id) REFERENCES triggers(id)
);
CREATE UNIQUE INDEX runs_active ON public.runs USING btree (model) WHERE (state = ANY (ARRAY['collect'::text, 'train'::text, 'evaluate'::text, 'rollout'::text]));

create table schedules (
  model text not null,
  last_due timestamp with time zone not null,
  constraint schedules_pkey PRIMARY KEY (model),
  constraint schedules_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);

create table supplements (
  reference text not null,
  seq integer not null,
  body bytea not null,
  created_at timestamp with time zone not null,
  constraint supplements_pkey PRIMARY KEY (reference, seq),
  constraint supplements_reference_fkey FOREIGN KEY (reference) REFERENCES "references"(id) ON DELETE CASCADE
);

create table triggers (
  id text not null,
  model text not null,
  reason text not null,
  decision text not null,
  why text not null,
  evidence jsonb not null,
  created_at timestamp with time zone not null,
  decided_at timestamp with time zone not null,
  run_id text,
  constraint triggers_pkey PRIMARY KEY (id),
  constraint triggers_decision_check CHECK ((decision = ANY (ARRAY['fired'::text, 'waiting'::text, 'declined'::text, 'coalesced'::text]))),
  constraint triggers_reason_check CHECK ((reason = ANY (ARRAY['schedule'::text, 'drift'::text, 'performance'::text, 'labels'::text, 'webhook'::text, 'manual'::text]))),
  constraint triggers_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);
CREATE INDEX triggers_model ON public.triggers USING btree (model, created_at);
CREATE UNIQUE INDEX triggers_waiting ON public.triggers USING btree (model, reason) WHERE (decision = 'waiting'::text);
CREATE TRIGGER webhook_tell AFTER INSERT OR UPDATE OF decision ON public.triggers FOR EACH ROW EXECUTE FUNCTION webhook_tell_trigger();

create table watch_rows (
  run_id text not null,
  seq integer not null,
  model text not null,
  feedback_id text not null,
  difference double precision not null,
  constraint watch_rows_pkey PRIMARY KEY (run_id, seq),
  constraint watch_rows_run_id_feedback_id_key UNIQUE (run_id, feedback_id),
  constraint watch_rows_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);

create table webhook_attempts (
  delivery text not null,
  n integer not null,
  at timestamp with time zone not null,
  status integer,
  problem text,
  seconds double precision not null,
  constraint webhook_attempts_pkey PRIMARY KEY (delivery, n),
  constraint webhook_attempts_delivery_fkey FOREIGN KEY (delivery) REFERENCES webhook_deliveries(id) ON DELETE CASCADE
);

create table webhook_deliveries (
  id text not null,
  seq bigint not null generated always as identity,
  endpoint text not null,
  type text not null,
  model text,
  at timestamp with time zone not null,
  data jsonb not null,
  state text not null default 'pending'::text,
  attempts integer not null default 0,
  tries integer not null default 0,
  due_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint webhook_deliveries_pkey PRIMARY KEY (id),
  constraint webhook_deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'skipped'::text]))),
  constraint webhook_deliveries_endpoint_fkey FOREIGN KEY (endpoint) REFERENCES webhook_endpoints(name) ON DELETE CASCADE
);
CREATE INDEX webhook_deliveries_endpoint ON public.webhook_deliveries USING btree (endpoint, seq);
CREATE INDEX webhook_deliveries_next ON public.webhook_deliveries USING btree (endpoint, seq) WHERE (state = 'pending'::text);
CREATE INDEX webhook_deliveries_time ON public.webhook_deliveries USING btree (at);

create table webhook_endpoints (
  name text not null,
  url text not null,
  target text not null,
  model text,
  types text[] not null,
  secrets jsonb not null,
  routing_key text,
  failing_since timestamp with time zone,
  disabled_at timestamp with time zone,
  disabled_why text,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint webhook_endpoints_pkey PRIMARY KEY (name),
  constraint webhook_endpoints_target_check CHECK ((target = ANY (ARRAY['standard'::text, 'slack'::text, 'pagerduty'::text]))),
  constraint webhook_endpoints_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);
CREATE TRIGGER webhook_tell AFTER UPDATE OF disabled_at ON public.webhook_endpoints FOR EACH ROW EXECUTE FUNCTION webhook_tell_disabled();

create table webhook_inbox (
  source text not null,
  id text not null,
  model text not null,
  type text not null,
  why text not null,
  evidence jsonb not null,
  received_at timestamp with time zone not null,
  taken_at timestamp with time zone,
  trigger_id text,
  constraint webhook_inbox_pkey PRIMARY KEY (source, id),
  constraint webhook_inbox_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE,
  constraint webhook_inbox_source_fkey FOREIGN KEY (source) REFERENCES webhook_sources(name) ON DELETE CASCADE
);
CREATE INDEX webhook_inbox_taken ON public.webhook_inbox USING btree (source, model, taken_at);
CREATE INDEX webhook_inbox_waiting ON public.webhook_inbox USING btree (model, received_at) WHERE (taken_at IS NULL);

create table webhook_sources (
  name text not null,
  format text not null,
  auth text not null,
  model text,
  types text[] not null,
  cooldown text not null,
  secrets jsonb not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint webhook_sources_pkey PRIMARY KEY (name),
  constraint webhook_sources_auth_check CHECK ((auth = ANY (ARRAY['standard'::text, 'github'::text, 'bearer'::text, 'basic'::text]))),
  constraint webhook_sources_format_check CHECK ((format = ANY (ARRAY['standard'::text, 'github'::text, 'alertmanager'::text, 'cloudevents'::text, 'trimtab'::text]))),
  constraint webhook_sources_model_fkey FOREIGN KEY (model) REFERENCES models(name) ON DELETE CASCADE
);

CREATE OR REPLACE FUNCTION public.webhook_tell(type text, model text, at timestamp with time zone, data jsonb)
 RETURNS void
 LANGUAGE sql
AS $function$
  insert into webhook_deliveries (id, endpoint, type, model, at, data, due_at)
  select 'msg_' || replace(gen_random_uuid()::text, '-', ''), e.name, $1, $2, $3, $4, $3
  from webhook_endpoints e
  where $1 = any (e.types) and (e.model is null or e.model = $2) and e.name is distinct from $4 ->> 'endpoint'
  order by e.name;
$function$;

CREATE OR REPLACE FUNCTION public.webhook_tell_disabled()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if old.disabled_at is null and new.disabled_at is not null then
    perform webhook_tell('webhook.disabled', null, new.disabled_at, jsonb_build_object('endpoint', new.name, 'why', new.disabled_why));
  end if;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.webhook_tell_incident()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare rose boolean := tg_op = 'UPDATE' and new.state = 'open' and (new.level <> old.level or old.state = 'acknowledged');
begin
  if rose and new.muted_until > new.last_alarm_at then
    return null;
  end if;
  if tg_op = 'INSERT' or rose or new.state <> old.state then
    perform webhook_tell(
      case when rose then 'incident.escalated' when new.state = 'open' then 'incident.opened' else 'incident.' || new.state end, new.model,
      case new.state when 'acknowledged' then new.acknowledged_at when 'resolved' then new.resolved_at else new.last_alarm_at end,
      jsonb_build_object('incident', new.id, 'monitor', new.monitor, 'joined', to_jsonb(new.joined), 'level', new.level, 'adapter', new.adapter, 'state', new.state, 'alarms', new.alarms,
        'effect', new.evidence -> 'effect', 'openedAt', new.opened_at, 'acknowledgedBy', new.acknowledged_by));
  end if;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.webhook_tell_promotion()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform webhook_tell(new.kind, new.model, new.at,
    jsonb_build_object('seq', new.seq, 'adapter', new.adapter, 'previous', new.previous, 'run', new.run_id, 'reason', new.reason, 'by', new."by"));
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.webhook_tell_run()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare run runs%rowtype;
begin
  select * into run from runs where id = new.run_id;
  perform webhook_tell(case new.state when 'done' then 'run.outcome' else 'run.state' end, run.model, new.at,
    jsonb_build_object('run', run.id, 'trigger', run.trigger_id, 'state', new.state, 'outcome', run.outcome, 'reason', run.reason,
      'champion', run.champion, 'challenger', run.challenger));
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.webhook_tell_trigger()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'INSERT' or new.decision <> old.decision then
    perform webhook_tell('trigger.decided', new.model, new.decided_at,
      jsonb_build_object('trigger', new.id, 'reason', new.reason, 'decision', new.decision, 'why', new.why));
  end if;
  return null;
end $function$;
