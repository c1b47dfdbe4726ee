-- One incident a cause: the monitors that joined it, its level, and whether it is muted.

alter table incidents
  add column level text not null default 'log' check (level in ('log', 'ticket', 'page')),
  -- monitors beside the first, in the order in which they alarmed; what they rest on stands in evidence.joined
  add column joined text[] not null default '{}',
  add column muted_until timestamptz,
  add column muted_by text,
  add column mute_reason text;

-- Those from before there were levels.
update incidents set level = case when monitor = 'error' then 'page' when monitor in ('confidence', 'format') then 'ticket' else 'log' end;
update incidents set evidence = evidence || jsonb_build_object('joined', '[]'::jsonb, 'level', jsonb_build_object('level', level, 'because', 'by its monitor: it was opened before there were levels', 'rule', ''));

-- A level that rises is told, unless the incident is muted; that it ended is always told, for somebody may wait for it.
create or replace function webhook_tell_incident() returns trigger language plpgsql as $$
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
end $$;
drop trigger webhook_tell on incidents;
create trigger webhook_tell after insert or update of state, level on incidents for each row execute function webhook_tell_incident();
