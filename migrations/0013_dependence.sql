-- An autocorrelation of 0 used to be what a spec said by itself; declared, it now means that nothing is to be estimated.
update models set spec = spec #- '{monitor,autocorrelation}' where spec #> '{monitor,autocorrelation}' = '0';
update model_versions set spec = spec #- '{monitor,autocorrelation}' where spec #> '{monitor,autocorrelation}' = '0';
