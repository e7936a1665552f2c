/**
 * What crosses between a WaveformViewer's view and the kernel. Mirror of the handlers in
 * `kernel/astrodata_kernel/widgets/waveforms.py`. Times are samples of a trace, from 0.
 */
import type { Soon } from './later';
import type { Colormap, HelloMeta } from './protocol';

export type Mode = 'overlay' | 'stack' | 'align';
export type Alignment = 'peak' | 'threshold';
export type Image = 'persistence' | 'heat map';
export type Brightness = 'linear' | 'sqrt' | 'log';
export type Line = 'data' | 'reconstruction' | 'residual';

export type Range = readonly [low: number, high: number];

/** Lowest and highest value that pass, both included; null is an open side. */
export type Limits = readonly [low: number | null, high: number | null];

/** Column -> limits; all must hold. */
export type Filter = Readonly<Record<string, Limits>>;

export type Sort = readonly [column: string, direction: 'asc' | 'desc'];

/** Traces drawn at once, as in Python. */
export const MOST = 50;

/** The synced traits of WaveformViewer, named as in Python. */
export interface WaveformTraits {
  channel: string;
  trace: number;
  traces: readonly number[];
  mode: Mode;
  align_by: Alignment;
  image: Image;
  colormap: Colormap;
  brightness: Brightness;
  filter: Filter;
  sort: Sort;
  /** First sample, and one beyond the last; null shows all. */
  time_range: Range | null;
  value_range: Range | null;
  /** Of a picture, in CSS pixels. */
  height: number;
  has_model: boolean;
}

export interface TracesMeta {
  readonly name: string;
  readonly title: string;
  readonly traces: number;
  readonly samples: number;
  readonly dtype: string;
  readonly unit: string;
  /** seconds */
  readonly sample_period: number | null;
  readonly trigger: number | null;
  readonly channel: string;
  readonly has_model: boolean;
  readonly columns: readonly string[];
  readonly warnings: readonly string[];
}

interface ArrayMeta {
  /** (bands, rows, columns) */
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** Row 0 is the lowest value, or the first trace. No shape where no trace passes the filter. */
export interface PictureMeta extends Partial<ArrayMeta> {
  readonly image: Image;
  readonly samples: Range;
  /** Traces in it. */
  readonly total: number;
  /** Of the persistence image's edges, or painted in the heat map's first and last colour. */
  readonly values?: Range;
  /** Highest count of the persistence image. */
  readonly most?: number;
}

/** A buffer a line of shape (2, traces, columns): lowest and highest value of equal stretches. */
export interface EnvelopeMeta extends ArrayMeta {
  readonly traces: readonly number[];
  readonly start: number;
  readonly stop: number;
  /** By how many samples each trace is late against the first. */
  readonly shifts: readonly number[];
  /** Whether each stretch is one sample. */
  readonly exact: boolean;
  readonly lines: readonly Line[];
}

export interface ProbeMeta {
  readonly values: readonly {
    readonly trace: number;
    readonly sample: number;
    readonly value: number | null;
    readonly text: string;
  }[];
}

/** In samples. */
export interface Pulse {
  readonly start: number;
  readonly peak: number;
  readonly stop: number;
  readonly height: number;
}

export interface Column {
  readonly name: string;
  readonly unit: string;
  /** Empty while its values are not known. */
  readonly kind: 'number' | 'flag' | 'text' | '';
}

export type Cell = number | string | boolean | null;

export interface PageMeta {
  /** Traces that pass the filter. */
  readonly total: number;
  readonly start: number;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** Row of the trace that was asked after; null when it does not pass. */
  readonly place: number | null;
  /** Share of the features that are measured; null once they all are. */
  readonly progress: number | null;
}

/** Counts of shape (1, 2, bins): all traces, and those that pass the other columns' limits. */
export interface HistogramMeta extends ArrayMeta {
  readonly column: string;
  readonly low: number;
  readonly high: number;
  /** Whether the bins are even in the logarithm. */
  readonly log: boolean;
  readonly missing: number;
}

interface Where {
  readonly where: Filter;
}

/** What WaveformViewer answers: the message up and the meta down of each kind. */
export interface WaveformRequests {
  hello: { msg: Record<string, never>; meta: HelloMeta };
  describe: { msg: Record<string, never>; meta: TracesMeta };
  picture: {
    msg: Where & {
      image: Image;
      columns: number;
      rows: number;
      samples: Range;
      values: Range | null;
      view: string;
    };
    meta: Soon<PictureMeta>;
  };
  crossing: {
    msg: Where & { samples: Range; values: Range; view: string };
    meta: Soon<{ readonly traces: readonly number[]; readonly total: number }>;
  };
  envelope: {
    msg: {
      traces: readonly number[];
      start: number;
      stop: number;
      columns: number;
      align: Alignment | null;
      lines: readonly Line[];
    };
    meta: Soon<EnvelopeMeta>;
  };
  probe: { msg: { traces: readonly number[]; samples: readonly number[] }; meta: ProbeMeta };
  pulses: {
    msg: { traces: readonly number[]; align: Alignment | null };
    meta: { readonly pulses: readonly (readonly Pulse[])[]; readonly shifts: readonly number[] };
  };
  table: {
    msg: Where & { start: number; count: number; sort: Sort; trace: number };
    meta: Soon<PageMeta>;
  };
  step: {
    msg: Where & { trace: number; by: number; sort: Sort };
    meta: Soon<{
      readonly trace: number | null;
      readonly place: number | null;
      readonly total: number;
    }>;
  };
  histogram: {
    msg: Where & { column: string; bins: number };
    meta: Soon<HistogramMeta>;
  };
}
