/** Dark or light: what the system says, until somebody chooses. */
export const SCHEMES = ['system', 'light', 'dark'] as const;
export type Scheme = (typeof SCHEMES)[number];

const KEY = 'trimtab.scheme';

export function chosenScheme(): Scheme {
  return SCHEMES.find((each) => each === localStorage.getItem(KEY)) ?? 'system';
}

export function applyScheme(scheme: Scheme = chosenScheme()): void {
  if (scheme === 'system') {
    localStorage.removeItem(KEY);
    delete document.documentElement.dataset['scheme'];
  } else {
    localStorage.setItem(KEY, scheme);
    document.documentElement.dataset['scheme'] = scheme;
  }
  document.dispatchEvent(new Event('scheme'));
}

/** Calls when colours change, by choice or by the system; returns how to stop. */
export function onScheme(listener: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  document.addEventListener('scheme', listener);
  system.addEventListener('change', listener);
  return () => {
    document.removeEventListener('scheme', listener);
    system.removeEventListener('change', listener);
  };
}
