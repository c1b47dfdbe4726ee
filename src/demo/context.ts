/** What every stage of the demo works with. */
import type { Checks } from './checks.ts';
import type { Client } from './client.ts';
import type { World } from './generator/world.ts';
import type { Screen } from './screen.ts';
import type { Lockstep } from './lockstep.ts';

export interface Demo {
  readonly client: Client;
  readonly service: Lockstep;
  readonly world: World;
  readonly screen: Screen;
  readonly checks: Checks;
  readonly seed: number;
  /** Data folder of the service. */
  readonly folder: string;
}
