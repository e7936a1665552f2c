/** What is on show: the widget's traits, and what hands and keys make of them. */
import { MOST, type Range, type TracesMeta, type WaveformTraits } from '../../core/waveforms';
import { moved, samplesOf, scaled } from './ranges';

export const NAMES = [
  'trace',
  'traces',
  'mode',
  'align_by',
  'image',
  'colormap',
  'brightness',
  'filter',
  'sort',
  'time_range',
  'value_range',
  'height'
] as const satisfies readonly (keyof WaveformTraits)[];

export type State = Pick<WaveformTraits, (typeof NAMES)[number]>;

/** Gives the samples on show. */
export function samplesShown({ time_range: range }: State, { samples }: TracesMeta): Range {
  const [low, high] = range ?? [0, samples];
  return low < high && low >= 0 && high <= samples ? [low, high] : [0, samples];
}

/** Gives the traces that are drawn, the one in the foreground first. */
export function drawnTraces({ trace, traces }: State, facts: TracesMeta): number[] {
  const further = traces.filter(each => each !== trace && each >= 0 && each < facts.traces);
  return [trace, ...further].slice(0, MOST);
}

/** Gives the samples after zooming by a factor about one of them. */
export function zoomed(
  state: State,
  facts: TracesMeta,
  factor: number,
  about?: number
): Pick<State, 'time_range'> {
  const range = samplesShown(state, facts);
  const [low, high] = scaled(range, about ?? (range[0] + range[1]) / 2, factor);
  return { time_range: samplesOf(low, high, facts.samples) };
}

/** Gives the samples moved by a share of what is on show. */
export function panned(state: State, facts: TracesMeta, share: number): Pick<State, 'time_range'> {
  const range = samplesShown(state, facts);
  const width = range[1] - range[0];
  // Moved by less than a sample, the range stays, and what is owed adds up elsewhere.
  const [low, high] = moved(range, share);
  const first = Math.max(0, Math.min(facts.samples - width, Math.round(low)));
  return Number.isFinite(high)
    ? { time_range: samplesOf(first, first + width, facts.samples) }
    : { time_range: range };
}

/** Gives the traces with one more, or one less if it is drawn already. */
export function toggled(state: State, trace: number): Pick<State, 'traces'> {
  if (trace === state.trace) {
    return { traces: state.traces };
  }
  return {
    traces: state.traces.includes(trace)
      ? state.traces.filter(each => each !== trace)
      : [...state.traces, trace].slice(-MOST)
  };
}
