/**
 * What crosses between a LatentExplorer's view and the kernel. Mirror of the handlers in
 * `kernel/astrodata_kernel/widgets/latent.py`.
 */
import type { HelloMeta } from './protocol';

export type Interval = readonly [number, number];
export type Limits = 'all' | '98%' | 'garage';

/** A marked stretch of one latent, or a rectangle in two. */
export interface Selection {
  readonly x: number;
  readonly x_range: Interval;
  readonly y?: number;
  readonly y_range?: Interval;
}

/** The synced traits of LatentExplorer, named as in Python. */
export interface LatentTraits {
  channel: string;
  /** Written by the kernel only. */
  garage: readonly Interval[];
  /** A column, `"garage"` or nothing. */
  color: string;
  /** -1 is none. */
  point: number;
  selection: Selection | null;
  /** Numbers of the latents on show. */
  axes: readonly number[];
  limits: Limits;
  /** Of the scatter matrix, in CSS pixels. */
  height: number;
}

export interface AxisFacts {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly central: Interval;
  /** The model has collapsed on it. */
  readonly constant: boolean;
}

export interface ColumnFacts {
  readonly name: string;
  readonly kind: 'continuous' | 'categorical';
}

export interface LatentMeta {
  readonly points: number;
  readonly invalid: number;
  /** Points of one latent in one answer. */
  readonly chunk: number;
  readonly axes: readonly AxisFacts[];
  /** Of the noise, where the sliders begin. */
  readonly median: readonly number[];
  readonly columns: readonly ColumnFacts[];
  /** The column whose histograms stand side by side, or empty. */
  readonly group: string;
  readonly noise: number;
  readonly signals: number;
  readonly traces: boolean;
  readonly decoder: boolean;
  readonly history: boolean;
  /** seconds */
  readonly sample_period: number | null;
  readonly warnings: readonly string[];
}

interface ArrayMeta {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** Bytes of a column: 0 to 253 for continuous values, the category's number else; 255 without value. */
export interface ColumnMeta extends ColumnFacts {
  /** Values of bytes 0 and 253. */
  readonly low: number;
  readonly high: number;
  readonly missing: number;
  readonly categories: readonly { readonly name: string; readonly count: number }[];
}

export interface RateMeta {
  readonly count: number;
  readonly total: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface StateMeta {
  readonly garage: readonly Interval[];
  readonly total: number;
  readonly inside: number;
  readonly outside: number;
  readonly invalid: number;
  readonly outside_each: readonly number[];
  /** Share of noise-only points outside. */
  readonly noise: RateMeta | null;
  /** Share of signals outside. */
  readonly signal: RateMeta | null;
  readonly calibration: { readonly false_positive_rate: number } | null;
  readonly undo: number;
  readonly redo: number;
  readonly selected: {
    readonly count: number;
    readonly inside: number;
    readonly outside: number;
  } | null;
}

export interface PointMeta {
  readonly point: number;
  readonly z: readonly string[];
  readonly inside: boolean;
  readonly values: readonly (readonly [string, string])[];
}

/** A curve, whole with shape (1, 1, samples), or its lowest and highest values with (1, 2, columns). */
export interface CurveMeta extends ArrayMeta {
  readonly name: 'trace' | 'decoded' | 'residual';
  readonly samples: number;
}

export interface CurvesMeta {
  readonly point: number;
  readonly z: readonly number[] | null;
  readonly curves: readonly CurveMeta[];
  readonly notes: readonly string[];
  /** Sum of squares of the difference. */
  readonly loss?: number;
  readonly rms?: number;
}

export interface StartFacts {
  readonly round: number | string;
  readonly start: number | string;
  /** Why, or empty. */
  readonly collapsed: string;
  /** How many epochs of the bytes are its own. */
  readonly count: number;
  readonly best: number | null;
}

/** Shape (1, 2, epochs of all starts): epoch, counted through all rounds, and loss. */
export interface HistoryMeta extends ArrayMeta {
  readonly starts: readonly StartFacts[];
  readonly rounds: readonly { readonly round: number | string; readonly end: number }[];
  readonly loss: string;
}

interface Selected {
  selection: Selection | null;
}

/** What LatentExplorer answers: the message up and the meta down of each kind. */
export interface LatentRequests {
  hello: { msg: Record<string, never>; meta: HelloMeta };
  describe: { msg: Record<string, never>; meta: LatentMeta };
  points: {
    msg: { axis: number; start: number };
    meta: ArrayMeta & { axis: number; start: number };
  };
  column: { msg: { name: string }; meta: ColumnMeta };
  state: { msg: Selected; meta: StateMeta };
  move: {
    msg: Selected & {
      view: string;
      turn: number;
      gesture: string;
      axis: number;
      low: number;
      high: number;
    };
    meta: StateMeta;
  };
  step: { msg: Selected & { what: 'undo' | 'redo' | 'reset' }; meta: StateMeta };
  calibrate: { msg: Selected & { rate: number }; meta: StateMeta };
  export: { msg: Record<string, never>; meta: { name: string; text: string } };
  point: { msg: { point: number }; meta: PointMeta };
  curves: { msg: { point: number; z: readonly number[] | null }; meta: CurvesMeta };
  history: { msg: Record<string, never>; meta: HistoryMeta };
}
