/**
 * What crosses between a LatentExplorer's view and the kernel. Mirror of the handlers in
 * `kernel/astrodata_kernel/widgets/latent.py`.
 */
import type { HelloMeta } from './protocol';

export type Interval = readonly [number, number];
export type Limits = 'all' | '98%' | 'garage';

export type Tab = 'map' | 'matrix' | 'history';
export type Renderer = 'auto' | 'card' | 'cpu';
export type Op = 'replace' | 'add' | 'subtract' | 'intersect';

/** A stretch of one column, or a rectangle in two. */
export interface Box {
  readonly x: string;
  readonly x_range: Interval;
  readonly y?: string;
  readonly y_range?: Interval;
}

export interface Lasso {
  readonly x: string;
  readonly y: string;
  readonly polygon: readonly (readonly [number, number])[];
}

/** What a step of a selection is about; one of these. */
export interface Shape {
  readonly box?: Box;
  readonly lasso?: Lasso;
  /** A condition such as `score > 3 & peak < 0.02`. */
  readonly where?: string;
  readonly categories?: { readonly column: string; readonly names: readonly string[] };
  readonly nearest?: { readonly row: number; readonly k: number };
  readonly kept?: string;
}

/** A step of a selection. */
export interface SelectionStep extends Shape {
  readonly op: Op;
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
  /** Written by the kernel only. */
  selection: readonly SelectionStep[];
  /** Written by the kernel only. */
  filters: readonly SelectionStep[];
  /** Written by the kernel only. */
  kept: Readonly<Record<string, readonly SelectionStep[]>>;
  /** What is under way in the kernel; written by it only. */
  work: Work | Record<string, never>;
  tab: Tab;
  /** Columns across and up the map. */
  x: string;
  y: string;
  /** What draws many points. */
  renderer: Renderer;
  /** Column that sizes the points of the map, or empty. */
  size: string;
  /** Numbers of the latents in the matrix. */
  axes: readonly number[];
  limits: Limits;
  /** Of map and matrix, in CSS pixels. */
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

/** A column of numbers that can be mapped. */
export interface NumberFacts {
  readonly name: string;
  readonly low: number;
  readonly high: number;
}

export interface Work {
  readonly name: string;
  /** 0 to 1 */
  readonly share: number;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly message: string;
  /** What it made. */
  readonly columns: readonly NumberFacts[];
}

export interface LabelClass {
  readonly name: string;
  readonly color: string;
  readonly hotkey: string | null;
}

export interface LabelsMeta {
  readonly classes: readonly LabelClass[];
  readonly counts: Readonly<Record<string, number>>;
  readonly undo: boolean;
  readonly redo: boolean;
  readonly annotator: string;
}

export interface ColumnFacts {
  readonly name: string;
  readonly kind: 'continuous' | 'categorical';
}

export interface LatentMeta {
  readonly points: number;
  /** More than the browser holds: the kernel counts them for the map. */
  readonly many: boolean;
  readonly invalid: number;
  /** Points of one latent in one answer. */
  readonly chunk: number;
  readonly axes: readonly AxisFacts[];
  /** Of the noise, where the sliders begin. */
  readonly median: readonly number[];
  readonly columns: readonly ColumnFacts[];
  /** All columns of numbers, the latents first. */
  readonly numbers: readonly NumberFacts[];
  /** The column whose histograms stand side by side, or empty. */
  readonly group: string;
  readonly noise: number;
  readonly signals: number;
  readonly traces: boolean;
  readonly decoder: boolean;
  /** Kind of what is behind the points, or empty. */
  readonly events: '' | 'waveforms' | 'images' | 'rows';
  /** Null without a log of labels. */
  readonly labels: LabelsMeta | null;
  readonly history: boolean;
  /** seconds */
  readonly sample_period: number | null;
  readonly warnings: readonly string[];
}

interface ArrayMeta {
  readonly shape: readonly number[];
  readonly dtype: string;
}

export interface Category {
  readonly name: string;
  readonly count: number;
  /** `#rrggbb`, where it has a colour of its own. */
  readonly color?: string;
}

/** Bytes of a column: 0 to 252 for continuous values, the category's number else; 255 without value. */
export interface ColumnMeta extends ColumnFacts {
  /** Values of bytes 0 and 252. */
  readonly low: number;
  readonly high: number;
  readonly missing: number;
  readonly categories: readonly Category[];
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

/** Two buffers of bits, the lowest first: which points are selected, and which are shown. */
export interface MaskMeta {
  readonly count: number;
  readonly shown: number;
  readonly selection: readonly SelectionStep[];
  readonly filters: readonly SelectionStep[];
  readonly words: string;
  readonly filter: string;
  readonly back: number;
  readonly forward: number;
}

export interface PointMeta {
  readonly point: number;
  readonly id: string;
  readonly z: readonly string[];
  readonly inside: boolean;
  readonly values: readonly (readonly [string, string])[];
  /** What is known of the event. */
  readonly facts: readonly (readonly [string, string])[];
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

export interface GalleryMeta {
  readonly total: number;
  readonly start: number;
  readonly rows: readonly number[];
  readonly captions: readonly (readonly string[])[];
}

/** What LatentExplorer answers: the message up and the meta down of each kind. */
export interface LatentRequests {
  hello: { msg: Record<string, never>; meta: HelloMeta };
  describe: { msg: Record<string, never>; meta: LatentMeta };
  /** Float32, and in a second buffer what that leaves out of a float64. */
  values: {
    msg: { name: string; start: number };
    meta: ArrayMeta & { name: string; start: number };
  };
  column: { msg: { name: string }; meta: ColumnMeta };
  state: { msg: Record<string, never>; meta: StateMeta };
  move: {
    msg: {
      view: string;
      turn: number;
      gesture: string;
      axis: number;
      low: number;
      high: number;
    };
    meta: StateMeta;
  };
  step: { msg: { what: 'undo' | 'redo' | 'reset' }; meta: StateMeta };
  calibrate: { msg: { rate: number }; meta: StateMeta };
  export: { msg: Record<string, never>; meta: { name: string; text: string } };
  mask: { msg: Record<string, never>; meta: MaskMeta };
  select: { msg: { step: SelectionStep | null }; meta: MaskMeta };
  lasso: {
    msg: { polygon: Lasso['polygon']; op: Op; x: string; y: string };
    meta: MaskMeta;
  };
  /** Counts of pixels, and in a second buffer bytes to colour by; the lowest row first. */
  raster: {
    msg: {
      x: string;
      y: string;
      x_range: Interval;
      y_range: Interval;
      width: number;
      height: number;
      color: string;
    };
    meta: ArrayMeta;
  };
  near: {
    msg: { x: string; y: string; at: Interval; reach: Interval };
    meta: { point: number };
  };
  travel: { msg: { what: 'back' | 'forward' }; meta: MaskMeta };
  filter: { msg: { steps: readonly Shape[] }; meta: MaskMeta };
  keep: { msg: { name: string }; meta: { kept: readonly string[] } };
  forget: { msg: { name: string }; meta: { kept: readonly string[] } };
  /** Shape (1, 2, bins): of the selection, and of all that is shown. */
  histogram: {
    msg: { name: string; bins: number };
    meta: ArrayMeta & { name: string; low: number; high: number };
  };
  find: { msg: { text: string }; meta: { point: number } };
  gallery: {
    msg: {
      start: number;
      count: number;
      sort: string;
      descending: boolean;
      of: 'selection' | 'shown';
    };
    meta: GalleryMeta;
  };
  /** Shape (n, height, width) of opacities, or (n, height, 3 width) of colours. */
  thumbnails: {
    msg: { rows: readonly number[]; width: number; height: number };
    meta: ArrayMeta & { rows: readonly number[]; width: number; height: number };
  };
  labels: { msg: Record<string, never>; meta: LabelsMeta };
  label: {
    msg: { name: string | null; note: string | null };
    meta: LabelsMeta & { labelled: number };
  };
  label_step: { msg: { what: 'undo' | 'redo' }; meta: LabelsMeta };
  project: { msg: { method: string }; meta: Record<string, never> };
  cancel_work: { msg: Record<string, never>; meta: Record<string, never> };
  point: { msg: { point: number }; meta: PointMeta };
  curves: { msg: { point: number; z: readonly number[] | null }; meta: CurvesMeta };
  history: { msg: Record<string, never>; meta: HistoryMeta };
}
