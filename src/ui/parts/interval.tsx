/** An estimate with its interval on a common scale, and a limit where there is one. */
export interface IntervalProps {
  readonly low: number;
  readonly high: number;
  readonly at: number;
  /** Ends of the scale. */
  readonly scale: readonly [number, number];
  readonly limit?: number;
  readonly zero?: boolean;
  readonly quiet?: boolean;
  /** What a person who does not see it is told. */
  readonly label: string;
}

export function Interval({ low, high, at, scale, limit, zero, quiet, label }: IntervalProps) {
  const [from, to] = scale;
  const x = (value: number) => `${(100 * Math.min(1, Math.max(0, (value - from) / (to - from || 1)))).toFixed(2)}%`;
  const look = quiet === true ? ' quiet' : '';
  return (
    <svg class="bar" role="img" aria-label={label}>
      <line class="axis" x1="0" x2="100%" y1="9" y2="9" stroke-opacity="0.35" />
      {zero === true ? <line class="axis" x1={x(0)} x2={x(0)} y1="2" y2="16" /> : null}
      {limit === undefined ? null : <line class="limit" x1={x(limit)} x2={x(limit)} y1="1" y2="17" />}
      <line class={`span${look}`} x1={x(low)} x2={x(high)} y1="9" y2="9" stroke-opacity="0.45" />
      <circle class={`dot${look}`} cx={x(at)} cy="9" r="3.5" />
    </svg>
  );
}
