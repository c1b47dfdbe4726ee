/** What the parts of a model's view are given. */
import type { FleetRow, Model } from '../../http/api.ts';
import type { Query } from './route.ts';

export interface OfModel {
  readonly model: Model;
  /** Its line in the fleet; null until that is loaded. */
  readonly row: FleetRow | null;
  readonly query: Query;
}
