/**
 * What crosses between a TableViewer's view and the kernel. Mirror of the handlers in
 * `kernel/astrodata_kernel/widgets/table.py` and `table_plotting.py`. Rows are counted from 0.
 */
import type { Soon } from './later';
import type { HelloMeta } from './protocol';

/** Of the rows: a column and a direction, or as they come. */
export type Sort = readonly [column: string, direction: 'asc' | 'desc'] | readonly [];
export type Marks = 'points' | 'line' | 'both';
export type Op = 'replace' | 'add' | 'subtract' | 'intersect' | 'toggle';
export type Which = 'filtered' | 'selected' | 'all';
export type TableFormat = 'fits' | 'csv' | 'ecsv' | 'parquet' | 'json' | 'py';

/** The synced traits of TableViewer, named as in Python. */
export interface TableTraits {
  channel: string;
  hdu: number;
  /** Columns on show; empty for all. */
  columns: readonly string[];
  filter: string;
  sort: Sort;
  /** -1 is none. */
  row: number;
  x: string;
  y: string;
  x_log: boolean;
  y_log: boolean;
  x_flip: boolean;
  y_flip: boolean;
  marks: Marks;
  errors: boolean;
  good_only: boolean;
  period: number | null;
  epoch: number;
  /** Of the rows, in CSS pixels. */
  height: number;
  selection: { readonly count: number; readonly version: number };
}

export type Kind = 'number' | 'flag' | 'text' | 'time' | 'vector' | 'other';

export interface ColumnFacts {
  readonly name: string;
  readonly kind: Kind;
  readonly dtype: string;
  readonly unit: string;
  readonly description: string;
  /** Column of its errors, or empty. */
  readonly error: string;
}

export interface CurveFacts {
  readonly time: string;
  readonly flux: string;
  readonly fluxes: readonly string[];
  /** Column of quality flags, or empty. */
  readonly quality: string;
  /** Days that are added to the times. */
  readonly zero: number;
  readonly system: string;
  readonly unit: string;
}

export interface TableMeta {
  readonly name: string;
  readonly hdu: number;
  readonly rows: number;
  /** Values of a column in one message. */
  readonly chunk: number;
  /** Whether points are counted in the kernel. */
  readonly many: boolean;
  readonly columns: readonly ColumnFacts[];
  readonly parts: readonly {
    readonly index: number;
    readonly name: string;
    readonly rows: number;
  }[];
  readonly curve: CurveFacts | null;
  readonly warnings: readonly string[];
}

/** Text of a cell; null where its value is missing. */
export type Cell = string | null;

export interface PageMeta {
  /** Rows that pass the filter. */
  readonly total: number;
  readonly start: number;
  /** Numbers of the rows. */
  readonly rows: readonly number[];
  /** Column by column. */
  readonly cells: readonly (readonly Cell[])[];
  readonly selected: readonly boolean[];
  /** Where the row that was asked after lies; null when it does not pass. */
  readonly place: number | null;
}

export interface Statistics {
  readonly column: string;
  readonly unit: string;
  readonly rows: number;
  readonly valid: number;
  readonly missing: number;
  readonly min?: number | null;
  readonly max?: number | null;
  readonly mean?: number | null;
  readonly std?: number | null;
  readonly median?: number | null;
  readonly q16?: number | null;
  readonly q84?: number | null;
  /** Ends of the histogram. */
  readonly low?: number;
  readonly high?: number;
  readonly different?: number;
  readonly more?: boolean;
  readonly frequent?: readonly (readonly [text: string, count: number])[];
}

interface ArrayMeta {
  /** (bands, rows, columns) */
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** An axis as the kernel places values along it. */
export interface AxisWish {
  readonly name: string;
  readonly log: boolean;
  readonly flip: boolean;
  /** Period and epoch. */
  readonly fold: readonly [number, number] | null;
}

export type Span = readonly [low: number, high: number];

interface Filtered {
  readonly where: string;
  readonly view: string;
}

/** What TableViewer answers: the message up and the meta down of each kind. */
export interface TableRequests {
  hello: { msg: Record<string, never>; meta: HelloMeta };
  describe: { msg: Record<string, never>; meta: TableMeta };
  page: {
    msg: Filtered & {
      start: number;
      count: number;
      columns: readonly string[];
      sort: Sort;
      row: number | null;
    };
    meta: Soon<PageMeta>;
  };
  find: {
    msg: Filtered & { text: string; start: number; columns: readonly string[]; sort: Sort };
    meta: Soon<{ readonly place: number | null; readonly row: number | null }>;
  };
  /** As bytes counts of shape (1, 2, bins): all rows, and those that pass. */
  statistics: {
    msg: Filtered & { column: string; bins: number };
    meta: Soon<Partial<ArrayMeta> & { readonly statistics: Statistics }>;
  };
  select: {
    msg: {
      op: Op;
      rows?: readonly number[];
      /** First and last place in the order on show. */
      places?: readonly [number, number];
      /** In data units: ranges across and up. */
      box?: readonly [Span, Span];
      every?: boolean;
    };
    meta: TableTraits['selection'];
  };
  /** As bytes a bit a row: plotted, selected. */
  bits: {
    msg: Filtered & { good: boolean; flux: string };
    meta: Soon<{ readonly shown: number; readonly selected: number }>;
  };
  values: { msg: { name: string; start: number }; meta: ArrayMeta & { start: number } };
  extent: {
    msg: { name: string; log: boolean };
    meta: { readonly low: number | null; readonly high: number | null; readonly error: string };
  };
  /** As bytes u4 of shape (2, height, width), the lowest row first. */
  raster: {
    msg: {
      x: AxisWish;
      y: AxisWish;
      x_range: Span;
      y_range: Span;
      width: number;
      height: number;
      where: string;
      good: boolean;
    };
    meta: ArrayMeta & { readonly drawn: number };
  };
  copy: {
    msg: Record<string, never>;
    meta: { readonly text: string; readonly rows: number; readonly of: number };
  };
  save: {
    msg: { what: TableFormat; which: Which };
    meta: { readonly name: string; readonly bytes: number };
  };
}
