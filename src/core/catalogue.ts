/**
 * What crosses between the image viewer and the kernel about catalogues. Mirror of
 * `kernel/astrodata_kernel/widgets/fits_catalogue*.py`.
 */
import type { Colormap } from './protocol';

export const MARKERS = ['circle', 'disc', 'square', 'diamond', 'cross', 'plus'] as const;
export type Marker = (typeof MARKERS)[number];
export type SelectOp = 'replace' | 'add' | 'subtract' | 'toggle';
export type AngleUnit = 'arcsec' | 'arcmin' | 'deg';

/** What is known of a catalogue; the kernel alone writes it. */
export interface LayerFacts {
  readonly name: string;
  /** Another one for each table that was ever added. */
  readonly ident: number;
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly unit: string }[];
  /** Longitude and latitude, or x and y. */
  readonly where_columns: readonly [string, string];
  /** `#rrggbb` */
  readonly color: string;
  /** Column that colours the points, or empty. */
  readonly by: string;
  /** Width in CSS pixels; null for one by how many are seen. */
  readonly size: number | null;
  /** Column that sizes the points, or empty. */
  readonly sized: string;
  readonly marker: Marker;
  readonly colormap: Colormap;
  readonly visible: boolean;
  /** Condition that rows fulfil, or empty. */
  readonly where: string;
  /** Column, with `-` before it for falling order, or empty. */
  readonly sort: string;
  readonly only_selected: boolean;
  readonly selected: number;
  /** Rows that fulfil the condition. */
  readonly matching: number;
  /** Another one whenever selection or condition changed. */
  readonly version: number;
}

/** The synced traits of `CatalogueWidget`. */
export interface CatalogueTraits {
  /** Written by the kernel only. */
  catalogue_layers: readonly LayerFacts[];
  /** Whose rows are listed. */
  catalogue_table: string;
  catalogue_panel: boolean;
}

interface ArrayMeta {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** As bytes f4: x and y of each row in array pixels from `origin`, NaN without a place. */
export interface PlacesMeta extends ArrayMeta {
  readonly start: number;
  readonly total: number;
  readonly origin: readonly [number, number];
  /** Rows without a place on the image's projection, and those farther away than is wanted. */
  readonly unplaced: number;
  readonly beyond: number;
}

/** As bytes u1: 0 to 252 for numbers, the category's number else; 255 without a value. */
export interface CodesMeta extends ArrayMeta {
  readonly column: string;
  readonly kind: 'continuous' | 'categorical';
  readonly low: number;
  readonly high: number;
  readonly missing: number;
  readonly categories: readonly { readonly name: string; readonly count: number }[];
}

/** As bits, the lowest first: which rows are selected, then which fulfil the condition. */
export interface BitsMeta extends ArrayMeta {
  readonly version: number;
  readonly rows: number;
}

export interface RowsMeta {
  readonly start: number;
  /** Rows that are listed at all. */
  readonly total: number;
  readonly columns: readonly {
    readonly name: string;
    readonly unit: string;
    readonly number: boolean;
  }[];
  readonly rows: readonly number[];
  readonly cells: readonly (readonly string[])[];
}

export interface RowMeta {
  readonly name: string;
  readonly row: number;
  readonly cells: readonly {
    readonly name: string;
    readonly unit: string;
    readonly text: string;
  }[];
}

/** Attributes of a catalogue that a person may set. */
export interface Looks {
  readonly color?: string;
  readonly size?: number | string | null;
  readonly marker?: Marker;
  readonly colormap?: Colormap;
  readonly visible?: boolean;
  readonly where?: string;
  readonly sort?: string;
  readonly only_selected?: boolean;
}

interface Wish {
  /** All that are drawn without one. */
  readonly name?: string;
  readonly op?: SelectOp;
  readonly box?: readonly [number, number, number, number];
  readonly rows?: readonly number[];
  /** First and last place in the table as it is listed. */
  readonly span?: readonly [number, number];
  readonly hdu?: number;
}

/** What `CatalogueWidget` answers. */
export interface CatalogueRequests {
  catalogue_places: { msg: { name: string; hdu: number; start: number }; meta: PlacesMeta };
  catalogue_codes: { msg: { name: string; column: string }; meta: CodesMeta };
  catalogue_bits: { msg: { name: string }; meta: BitsMeta };
  catalogue_rows: { msg: { name: string; start: number; stop: number }; meta: RowsMeta };
  catalogue_find: { msg: { name: string; row: number }; meta: { row: number; at: number } };
  catalogue_row: { msg: { name: string; row: number }; meta: RowMeta };
  catalogue_select: { msg: Wish; meta: { selected: Readonly<Record<string, number>> } };
  catalogue_cone: {
    msg: {
      name: string;
      radius: number;
      unit: AngleUnit;
      text: string;
      x?: number;
      y?: number;
      op?: SelectOp;
    };
    meta: { count: number; centre: string };
  };
  catalogue_set: { msg: { name: string; values: Looks }; meta: { name: string } };
  catalogue_add: { msg: { path: string }; meta: { name: string } };
  catalogue_remove: { msg: { name: string }; meta: { name: string } };
}
