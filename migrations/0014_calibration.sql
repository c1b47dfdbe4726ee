-- Specs from before there was a monitor of calibrated scores.
update models set spec = jsonb_set(spec, '{monitor,tolerance,calibration}', '0.03') where spec #> '{monitor,tolerance}' is not null and spec #> '{monitor,tolerance,calibration}' is null;
update model_versions set spec = jsonb_set(spec, '{monitor,tolerance,calibration}', '0.03') where spec #> '{monitor,tolerance}' is not null and spec #> '{monitor,tolerance,calibration}' is null;
