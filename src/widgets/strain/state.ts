/** What is on show, and how hands change it: pure functions on the traits. */
import type { Conditioning, RecordMeta, StrainTraits } from '../../core/strain';
import { short } from './numbers';

export type State = Omit<StrainTraits, 'channel'>;

export type Span = readonly [number, number];

/** Fewest samples that the time axis shows. */
const FEWEST = 16;

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** Gives seconds of the record that the time axis shows. */
export function spanOf({ span }: State, { epoch, duration }: RecordMeta): Span {
  if (!span) {
    return [0, duration];
  }
  const [low, high] = [span[0] - epoch, span[1] - epoch].map(t => clamp(t, 0, duration));
  return low < high ? [low, high] : [0, duration];
}

/** Gives the trait of a stretch of seconds, null where it is the whole record. */
export function spanTrait(
  [low, high]: Span,
  { epoch, duration, sample_rate: rate }: RecordMeta
): [number, number] | null {
  const width = clamp(high - low, Math.min(duration, FEWEST / rate), duration);
  const start = clamp((low + high - width) / 2, 0, duration - width);
  return width >= duration ? null : [epoch + start, epoch + start + width];
}

/** Gives the trait of the time axis after zooming; `about` stays where it is on the screen. */
export function zoomed(
  state: State,
  record: RecordMeta,
  about: number,
  factor: number
): [number, number] | null {
  const [low, high] = spanOf(state, record);
  return spanTrait([about + (low - about) * factor, about + (high - about) * factor], record);
}

/** Gives the centre, within the record, and the time axis moved along where it would be left behind. */
export function centred(state: State, record: RecordMeta, time: number): Partial<State> {
  const at = clamp(time, 0, record.duration);
  const center = record.epoch + at;
  const [low, high] = spanOf(state, record);
  if (!state.span || (at >= low && at <= high)) {
    return { center };
  }
  const half = (high - low) / 2;
  return { center, span: spanTrait([at - half, at + half], record) };
}

/** Gives centre and window of a marked stretch of the Q-transform. */
export function windowed([low, high]: Span, record: RecordMeta): Partial<State> {
  return {
    center: record.epoch + clamp((low + high) / 2, 0, record.duration),
    window: Number(clamp(high - low, 0.5, 8).toPrecision(3))
  };
}

export function conditioning({ whiten, band, notches }: State): Conditioning {
  return { whiten, band, notches };
}

/** Gives in words what was done to the series. */
export function conditioned({ whiten, band, notches }: Conditioning): string {
  const parts = [whiten ? 'whitened' : ''];
  if (band) {
    const [low, high] = band;
    parts.push(
      low === null
        ? `below ${short(high ?? 0)} Hz`
        : high === null
          ? `above ${short(low)} Hz`
          : `${short(low)}–${short(high)} Hz`
    );
  }
  if (notches.length) {
    parts.push(notches.length === 1 ? '1 notch' : `${notches.length} notches`);
  }
  return parts.filter(part => part !== '').join(', ') || 'raw';
}

/** Gives what a key changes, null for a key of no meaning. */
export function keyed(
  key: string,
  shift: boolean,
  state: State,
  record: RecordMeta
): Partial<State> | null {
  const center = state.center - record.epoch;
  const step = state.window * (shift ? 0.5 : 0.1);
  switch (key) {
    case 'ArrowLeft':
      return centred(state, record, center - step);
    case 'ArrowRight':
      return centred(state, record, center + step);
    case 'ArrowUp':
      return { q: Number(clamp(state.q * 1.2, 4, 64).toPrecision(3)) };
    case 'ArrowDown':
      return { q: Number(clamp(state.q / 1.2, 4, 64).toPrecision(3)) };
    case '[':
      return { window: Number(clamp(state.window / 1.25, 0.5, 8).toPrecision(3)) };
    case ']':
      return { window: Number(clamp(state.window * 1.25, 0.5, 8).toPrecision(3)) };
    case '+':
    case '=':
      return { span: zoomed(state, record, center, 0.5) };
    case '-':
    case '_':
      return { span: zoomed(state, record, center, 2) };
    case '0':
      return { span: null };
    case 'w':
    case 'W':
      return { whiten: !state.whiten };
    default:
      return null;
  }
}
