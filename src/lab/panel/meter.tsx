import * as React from 'react';

/** A share beyond which little is left. */
const NEARLY_FULL = 0.9;

export interface IMeterProps {
  readonly label: string;
  /** From 0 to 1; null where nobody tells. */
  readonly share: number | null;
  /** The number with its unit, as it is read aloud too. */
  readonly text: string;
  /** More in words. */
  readonly details: readonly string[];
  /** Shares of the last minutes by time, the oldest first. */
  readonly history: readonly (readonly [number, number | null])[];
  /** Whether it is bad news that little is left. */
  readonly warns?: boolean;
  /** Milliseconds that the history goes back. */
  readonly span: number;
}

/** One number as a bar, with its last minutes behind it. */
export function Meter(props: IMeterProps): JSX.Element {
  const { label, share, text, details, history, span } = props;
  const full = props.warns === true && share !== null && share > NEARLY_FULL;
  return (
    <div className={'jp-astrodata-lab-meter' + (full ? ' jp-mod-full' : '')}>
      <div className="jp-astrodata-lab-runHead">
        <span className="jp-astrodata-lab-name" title={label}>
          {label}
        </span>
        <span className="jp-astrodata-lab-meterText">{text}</span>
      </div>
      {share === null ? null : (
        <div
          className="jp-astrodata-lab-progress"
          role="meter"
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
          aria-valuetext={[text, ...details].join(', ')}
        >
          <div style={{ width: `${share * 100}%` }} />
        </div>
      )}
      <Sparkline history={history} span={span} />
      {details.length > 0 ? (
        <div className="jp-astrodata-lab-facts">
          {details.map(one => (
            <span key={one}>{one}</span>
          ))}
        </div>
      ) : null}
    </div>
  );
}

/** The last minutes as a line, which is no news to who listens: the number is told. */
function Sparkline({ history, span }: Pick<IMeterProps, 'history' | 'span'>): JSX.Element | null {
  const known = history.filter((one): one is readonly [number, number] => one[1] !== null);
  if (known.length < 2) {
    return null;
  }
  const end = known[known.length - 1][0];
  const points = known.map(([time, share]) => {
    const x = 100 * (1 - (end - time) / span);
    return `${x.toFixed(2)},${(20 * (1 - share)).toFixed(2)}`;
  });
  return (
    <svg
      className="jp-astrodata-lab-sparkline"
      viewBox="0 0 100 20"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <polyline points={points.join(' ')} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
