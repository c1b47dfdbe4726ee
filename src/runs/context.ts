/** What a step of a run works with. */
import type { Clock } from '../clock.ts';
import type { judge } from '../evaluation/gates.ts';
import type { Registry } from '../promotion/registry.ts';
import type { BuiltinTarget } from '../promotion/targets/builtin.ts';
import type { ModelSpec } from '../spec.ts';
import type { ObjectStore } from '../store/objects/index.ts';
import type { Pool } from '../store/postgres.ts';
import type { RunRow } from '../store/runs.ts';
import type { Events } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Training } from '../training/index.ts';

export interface RunParts {
  readonly pool: Pool;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly events: Events;
  readonly log: Logger;
  readonly training: Training;
  /** Data-parallel workers of a job. */
  readonly workers: number;
  /** The folder of a base as a spec names it. */
  readonly basePath: (model: string) => string;
  readonly registry: Registry;
  readonly target: BuiltinTarget;
  /** The gates. A part, so that a test can put in a mutant and see the demo fail. */
  readonly judge: typeof judge;
}

export interface RunContext {
  readonly parts: RunParts;
  readonly run: RunRow;
  /** The spec as it stood when the run was opened. */
  readonly spec: ModelSpec;
  /** Aborted when the service stops: a step then rests where it is. */
  readonly signal: AbortSignal;
}
