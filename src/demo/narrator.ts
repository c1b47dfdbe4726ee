/** Tells what the service does by itself, as its events come. */
import type { Events } from '../telemetry/events.ts';
import type { Screen } from './screen.ts';

/** Starts to tell; returns the function that stops. */
export function narrate(events: Events, screen: Screen): () => void {
  const stops = [
    events.on('incident:opened', ({ monitor, pane, effect }) => screen.line('incident', `${monitor} has drifted by ${effect.toFixed(3)}, seen at the end of pane ${pane}`)),
    events.on('trigger:decided', ({ reason, decision, why }) => {
      if (decision === 'fired') screen.line('trigger', `${reason}: ${why}`);
    }),
    events.on('run:state', ({ state, outcome }) => {
      if (outcome === null) screen.line('run', state);
    }),
    events.on('job:progress', ({ step, steps, loss, tokensPerSecond }) =>
      screen.progress('training', step / steps, `step ${step} of ${steps}, loss ${loss.toFixed(2)}, ${Math.round(tokensPerSecond).toLocaleString('en')} tokens/s`)),
    events.on('promotion', ({ adapter, kind }) => screen.line(kind, `${adapter} is live`)),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
