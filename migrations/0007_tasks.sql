-- Feedback that knows what an answer was worth but not what would have been right: thumbs, ratings. It feeds monitors, never datasets.

alter table feedback alter column label drop not null;
alter table feedback add column score double precision;
alter table feedback add constraint feedback_says check ((label is null) <> (score is null));

-- Scores of other metrics lie between 0 and 1, so their differences do too.
alter table watch_rows alter column difference type double precision;
