-- Feedback that knows what an answer was worth but not what would have been right: thumbs, ratings. It feeds monitors, never datasets.

alter table feedback alter column label drop not null;
alter table feedback add column score double precision;
alter table feedback add constraint feedback_says check ((label is null) <> (score is null));

-- Scores of other metrics lie between 0 and 1, so their differences do too.
alter table watch_rows alter column difference type double precision;

-- Specs from before say nothing of what came with the other tasks: they are completed with what held for them.
update models set spec = jsonb_build_object('labels', 'single') || spec
  || jsonb_build_object(
    'data', jsonb_build_object('maxExamRows', 5000) || (spec -> 'data'),
    'monitor', spec -> 'monitor' || jsonb_build_object('tolerance', jsonb_build_object('format', 0.02) || (spec #> '{monitor,tolerance}')),
    'training', jsonb_build_object('quantisation', 'none', 'maxNewTokens', 128) || (spec -> 'training')
      || jsonb_build_object('lora', jsonb_build_object('rslora', false) || (spec #> '{training,lora}')));
update model_versions set spec = jsonb_build_object('labels', 'single') || spec
  || jsonb_build_object(
    'data', jsonb_build_object('maxExamRows', 5000) || (spec -> 'data'),
    'monitor', spec -> 'monitor' || jsonb_build_object('tolerance', jsonb_build_object('format', 0.02) || (spec #> '{monitor,tolerance}')),
    'training', jsonb_build_object('quantisation', 'none', 'maxNewTokens', 128) || (spec -> 'training')
      || jsonb_build_object('lora', jsonb_build_object('rslora', false) || (spec #> '{training,lora}')));
