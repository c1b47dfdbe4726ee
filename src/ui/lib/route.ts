/** Where somebody is, as the part of the URL behind #: it can be shared and kept, and the back button works. */

export type Query = Readonly<Record<string, string>>;

export const MODEL_VIEWS = ['course', 'runs', 'records', 'datasets', 'queue', 'policy'] as const;
export type ModelView = (typeof MODEL_VIEWS)[number];

export type Place =
  | { readonly view: 'fleet' }
  | { readonly view: 'audit' | 'webhooks' }
  | { readonly view: 'model'; readonly model: string; readonly part: ModelView }
  | { readonly view: 'run' | 'record' | 'dataset' | 'incident' | 'endpoint'; readonly id: string }
  | { readonly view: 'unknown'; readonly path: string };

/** A place that there is. */
export type Known = Exclude<Place, { view: 'unknown' }>;

export interface Route {
  readonly place: Place;
  readonly query: Query;
}

const THINGS = { runs: 'run', records: 'record', datasets: 'dataset', incidents: 'incident', webhooks: 'endpoint' } as const;

/** Reads a hash such as `#/models/router/runs?from=…`; whatever cannot be read is `unknown`. */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#/, '').split('?', 2);
  return { place: placeOf(path), query: Object.fromEntries(new URLSearchParams(search)) };
}

function placeOf(path: string): Place {
  const [first = '', second = '', third = '', ...rest] = path.split('/').filter((part) => part !== '').map(decoded);
  if (rest.length > 0) return { view: 'unknown', path };
  if (first === '') return { view: 'fleet' };
  if ((first === 'audit' || first === 'webhooks') && second === '') return { view: first };
  if (first === 'models' && second !== '') {
    const part = MODEL_VIEWS.find((each) => each === (third === '' ? 'course' : third));
    return part === undefined ? { view: 'unknown', path } : { view: 'model', model: second, part };
  }
  if (first in THINGS && second !== '' && third === '') return { view: THINGS[first as keyof typeof THINGS], id: second };
  return { view: 'unknown', path };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The hash of a place. */
export function hrefOf(place: Known, query: Query = {}): string {
  const search = new URLSearchParams(query).toString();
  return `#${pathOf(place)}${search === '' ? '' : `?${search}`}`;
}

function pathOf(place: Known): string {
  switch (place.view) {
    case 'fleet':
      return '/';
    case 'audit':
    case 'webhooks':
      return `/${place.view}`;
    case 'endpoint':
      return `/webhooks/${encodeURIComponent(place.id)}`;
    case 'model':
      return `/models/${encodeURIComponent(place.model)}${place.part === 'course' ? '' : `/${place.part}`}`;
    case 'run':
    case 'record':
    case 'dataset':
    case 'incident':
      return `/${place.view}s/${encodeURIComponent(place.id)}`;
  }
}
