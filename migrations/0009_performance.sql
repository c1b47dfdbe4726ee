-- What is known of predictions, by the time of the prediction, and how the confidence of an adapter was calibrated.

-- One row a prediction that feedback speaks of, with all that a report of performance groups by: it reads neither predictions nor texts.
create table outcomes (
  model text not null,
  prediction_id text not null,
  predicted_at timestamptz not null,
  -- when the first feedback met the prediction
  arrived_at timestamptz not null,
  adapter text,
  segment text,
  confidence double precision,
  -- what the scores were made by
  metric text not null,
  -- of the first feedback, which feeds the monitors, and of the last, which stands in reports
  first_score double precision not null,
  score double precision not null,
  -- what the last feedback said, as a digest: the same again is no news
  said text not null,
  repeats int not null,
  contradictions int not null,
  primary key (model, prediction_id)
);
create index outcomes_time on outcomes (model, predicted_at);

-- The exam rows of a reference by bins of confidence: rows, and sums of confidences, scores and squared scores.
create table calibrations (
  reference text primary key references "references" on delete cascade,
  metric text not null,
  bins jsonb not null
);

-- Feedback from before. What needs a task's rules to be scored (spans, sets, rankings, outputs) is not known here and starts anew.
insert into outcomes (model, prediction_id, predicted_at, arrived_at, adapter, segment, confidence, metric, first_score, score, said, repeats, contradictions)
select f.model, f.prediction_id, p.received_at, greatest(p.received_at, min(f.matched_at)), p.adapter, p.segment, p.confidence, 'accuracy',
  (array_agg(coalesce(f.score, (f.label = p.label)::int) order by f.first desc, f.seq))[1],
  (array_agg(coalesce(f.score, (f.label = p.label)::int) order by f.seq desc))[1],
  (array_agg(coalesce('truth ' || encode(sha256(convert_to(f.label, 'UTF8')), 'hex'), 'score ' || f.score) order by f.seq desc))[1],
  0, count(distinct f.label) filter (where f.label is not null) - (count(f.label) > 0)::int
from feedback f
join models m on m.name = f.model and m.spec ->> 'task' = 'classification' and coalesce(m.spec ->> 'labels', 'single') = 'single'
cross join lateral (
  select * from predictions p where p.model = f.model and p.id = f.prediction_id order by p.received_at desc limit 1
) p
where f.matched_at is not null
group by f.model, f.prediction_id, p.received_at, p.adapter, p.segment, p.confidence;
