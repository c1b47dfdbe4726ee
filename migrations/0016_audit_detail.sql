-- What came of an action, where its name does not say: an endpoint that was registered, changed or enabled, and where it leads.
alter table audit add column detail text;
