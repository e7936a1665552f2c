/**
 * Regions over an image: what they are, and what crosses to the kernel. Mirror of
 * `processing/region_shapes.py` and `widgets/fits_regions*.py`.
 */
import type { Where } from './protocol';

/** What every shape may have; numbers of places and sizes are 0-based array pixels. */
interface Looks {
  readonly text?: string;
  /** `#rrggbb` or a name. */
  readonly color?: string;
  /** Regions of one group move together. */
  readonly group?: string;
  /** Left out of what others include, as DS9 and CASA mean it. */
  readonly exclude?: boolean;
}

export type Corner = readonly [number, number];

export interface Circle extends Looks {
  readonly shape: 'circle';
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** Whole axes; the angle is in degrees from x towards y. */
export interface Turned extends Looks {
  readonly shape: 'ellipse' | 'box';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly angle: number;
}

export interface Path extends Looks {
  readonly shape: 'polygon' | 'line';
  readonly points: readonly Corner[];
}

export interface Dot extends Looks {
  readonly shape: 'point';
  readonly x: number;
  readonly y: number;
}

export type Shape = Circle | Turned | Path | Dot;
export type ShapeName = Shape['shape'];
export const SHAPES: readonly ShapeName[] = [
  'circle',
  'ellipse',
  'box',
  'polygon',
  'line',
  'point'
];

/** Lines along which an image has some values. */
export interface ContourSet {
  /** Path of another image; empty for the image itself. */
  readonly source: string;
  readonly hdu?: number;
  readonly plane?: number;
  readonly levels: readonly number[];
  readonly smooth?: number;
  readonly color: string;
}

/** The synced traits of regions. */
export interface RegionTraits {
  shapes: readonly Shape[];
  /** Numbers of the selected ones. */
  selected_shapes: readonly number[];
  contour_sets: readonly ContourSet[];
}

export type Curve = 'histogram' | 'growth' | 'radial' | 'line';
export type Fit = 'moffat' | 'gauss';

/** Statistics of a region; null where there is no number. */
export type Row = Readonly<
  Record<
    'pixels' | 'blank' | 'sum' | 'mean' | 'median' | 'std' | 'mad_std' | 'min' | 'max' | 'x' | 'y',
    number | null
  >
> & {
  /** Square arc seconds. */
  readonly area: number | null;
};

export interface Fact {
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
}

/** As bytes f4, a row each: x and ys of a curve; of a histogram low, high and count of each bin. */
export interface MeasureMeta {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly rows: readonly Row[];
  readonly unit: string;
  /** Regions beyond those in the rows. */
  readonly more: number;
  readonly curve: Curve | '';
  readonly facts: readonly Fact[];
}

/** What FitsViewer answers about regions. */
export interface RegionRequests {
  measure: {
    msg: Where & {
      shapes: readonly Shape[];
      curve: Curve | '';
      fit: Fit;
      /** Of a point, pixels. */
      radius: number;
      /** Of a line, pixels. */
      width: number;
      annulus: readonly [number, number] | null;
    };
    meta: MeasureMeta;
  };
  regions_read: {
    msg: { text: string; name: string };
    meta: { shapes: readonly Shape[]; notes: readonly string[] };
  };
  regions_write: {
    msg: { form: 'ds9' | 'crtf'; sky: boolean; selected: boolean };
    meta: { name: string; bytes: number };
  };
  contour_levels: {
    msg: Where & { levels: number; smooth: number };
    meta: { levels: readonly number[] };
  };
  /** As bytes f4: x and y of the points, NaN between two lines. */
  contours: {
    msg: Where & { contours: ContourSet };
    meta: { shape: readonly number[]; dtype: string };
  };
}
