/** The colours of the style sheet as a canvas needs them: resolved for the scheme in force. */
const NAMES = ['ink', 'muted', 'line', 'line-strong', 'accent', 'band', 'alarm', 'surface'] as const;
export type Colours = Readonly<Record<(typeof NAMES)[number], string>>;

export function colours(): Colours {
  const probe = document.createElement('span');
  probe.hidden = true;
  document.body.append(probe);
  const found = NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color] as const;
  });
  probe.remove();
  return Object.fromEntries(found) as Colours;
}
