/**
 * What crosses between a widget's view and the kernel. Mirror of `widgets/base.py` (frames, hello)
 * and of the handlers in `widgets/fits.py`; told in `docs/architecture.md`.
 */
import type { Environment } from './environment';
import type { PreparingRequests } from './preparing';
import type { RegionRequests, RegionTraits } from './regions';
import type { CatalogueRequests, CatalogueTraits } from './catalogue';
import type { CubeRequests, CubeTraits } from './cubes';

/**
 * Number that the halves compare when they meet; `kernel/astrodata_kernel/environment.py` has it too, and says when
 * it is raised.
 */
export const PROTOCOL = 1;

/** The frame that asks. */
export interface RequestFrame {
  readonly id: string;
  readonly kind: string;
  readonly msg: object;
}

/** The frame that takes a request back. */
export interface CancelFrame {
  readonly id: string;
  readonly kind: 'cancel';
}

/** The frame that answers; the bytes travel beside it. */
export type ReplyFrame =
  | { readonly id: string; readonly ok: true; readonly meta: object }
  | { readonly id: string; readonly ok: false; readonly error: { code: string; message: string } };

/** Stretches that are a formula; that of a histogram depends on the image. */
export type Formula = 'linear' | 'sqrt' | 'square' | 'log' | 'asinh' | 'sinh';
export type Stretch = Formula | 'histogram';
export type Colormap =
  'grey' | 'viridis' | 'inferno' | 'magma' | 'heat' | 'cubehelix' | 'cool' | 'rainbow';

/** How places on the sky are told: in the image's own system, in another one, or not at all. */
export type System = 'own' | 'icrs' | 'galactic' | 'ecliptic' | 'pixel';
export type Angles = 'sexagesimal' | 'degrees';

/** `"zscale"`, `"minmax"`, a central percentage such as `"99.5%"`, or [low, high] in data units. */
export type Limits = string | readonly [number, number];

/**
 * Where one looks: the centre in 0-based array pixels (pixel centres at integers, y upwards) and the
 * zoom in CSS pixels per image pixel.
 */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** The synced traits of FitsViewer, named as in Python. */
export interface FitsTraits extends RegionTraits, CatalogueTraits, CubeTraits {
  channel: string;
  hdu: number;
  plane: number;
  stretch: Stretch;
  colormap: Colormap;
  /** Whether the colours run the other way. */
  reverse: boolean;
  contrast: number;
  bias: number;
  limits: Limits;
  /** Whether three planes are shown as red, green and blue. */
  composite: boolean;
  /** Of red, green and blue; null where `limits` hold for each. */
  band_limits: readonly Limits[] | null;
  system: System;
  angles: Angles;
  /** Lines of equal longitude and latitude, a compass and a scale bar over the picture. */
  graticule: boolean;
  /** The histogram of the values below the picture. */
  histogram: boolean;
  /** null fits the image. */
  view: View | null;
  /** Of the picture, in CSS pixels. */
  height: number;
}

/** One HDU as the picker lists it. */
export interface HduFacts {
  readonly index: number;
  readonly name: string;
  readonly version: number;
  readonly kind: string;
  /** Slowest axis first, as in NumPy. */
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly unit: string;
  /** Why it cannot be shown. */
  readonly note: string;
  readonly viewable: boolean;
}

/** Which image a request is about. */
export interface Where {
  readonly hdu: number;
  readonly plane: number;
}

/** What a half says of itself when it is greeted; one of another protocol may say less. */
export interface HelloMeta {
  readonly protocol: number;
  readonly version: string;
  readonly environment?: Environment;
}

export interface DescribeMeta {
  readonly name: string;
  readonly hdu: number;
  readonly kind: string;
  readonly width: number;
  readonly height: number;
  readonly planes: number;
  /** Full resolution is level 0; each next one halves it. */
  readonly levels: number;
  /** Edge of a tile in level pixels. */
  readonly tile: number;
  readonly unit: string;
  readonly dtype: string;
  /** Name of the celestial frame, or empty. */
  readonly frame: string;
  readonly hdus: readonly HduFacts[];
  readonly warnings: readonly string[];
}

export type Reduction = 'full' | 'block mean' | 'strided';

export interface ArrayMeta extends Where {
  /** (bands, rows, columns) */
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly reduction: Reduction;
}

/** Overview pixel (i, j) stands for array pixels [i * step, (i + 1) * step). */
export interface OverviewMeta extends ArrayMeta {
  readonly step: number;
}

export interface TileMeta extends ArrayMeta {
  readonly level: number;
  readonly x: number;
  readonly y: number;
}

export interface LimitsMeta extends Where {
  readonly low: number;
  readonly high: number;
  readonly limits: string;
}

/** A figure with axes, the pixels with their WCS, the state, or the code that shows the same again. */
export type SaveFormat = 'png' | 'pdf' | 'svg' | 'fits' | 'tif' | 'json' | 'py';

/** How many values lie in each of some equal bins; as bytes u4. */
export interface HistogramMeta extends Where {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly low: number;
  readonly high: number;
  /** Values below the first bin, beyond the last one, and without a number. */
  readonly below: number;
  readonly above: number;
  readonly blank: number;
  /** Whether a part of the pixels was counted. */
  readonly sampled: boolean;
}

/** A number at the edge of the picture, where a line of the graticule leaves it. */
export interface GraticuleLabel {
  readonly text: string;
  /** In array pixels. */
  readonly x: number;
  readonly y: number;
  readonly axis: 'lon' | 'lat';
}

/** Lines of equal longitude and latitude; as bytes f4: x and y of their points, NaN between two lines. */
export interface GraticuleMeta extends Where {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly labels: readonly GraticuleLabel[];
  /** Directions of north and east in the middle of the picture, of length 1 in array pixels; null without. */
  readonly north: readonly [number, number] | null;
  readonly east: readonly [number, number] | null;
  /** Degrees of an array pixel in the middle of the picture; null where they cannot be told. */
  readonly scale: number | null;
  readonly frame: string;
}

export interface ProbeMeta extends Where {
  readonly x: number;
  readonly y: number;
  readonly value: number | null;
  /** The value as it is read: `1234.5 DN`, `NaN`, or `outside`. */
  readonly text: string;
  readonly sky: {
    readonly frame: string;
    /** degrees */
    readonly lon: number;
    /** degrees */
    readonly lat: number;
    readonly text: string;
  } | null;
}

/** What FitsViewer answers: the message up and the meta down of each kind. */
export interface FitsRequests
  extends RegionRequests, PreparingRequests, CatalogueRequests, CubeRequests {
  hello: { msg: Record<string, never>; meta: HelloMeta };
  describe: { msg: { hdu: number }; meta: DescribeMeta };
  overview: { msg: Where & { width: number }; meta: OverviewMeta };
  tile: { msg: Where & { level: number; x: number; y: number }; meta: TileMeta };
  limits: { msg: Where & { limits: string }; meta: LimitsMeta };
  histogram: {
    /** Bins between low and high; with `wide` at least as far as nearly all values reach. */
    msg: Where & { bins: number; low: number; high: number; wide: boolean };
    meta: HistogramMeta;
  };
  graticule: {
    msg: Where & {
      system: System;
      angles: Angles;
      box: readonly [number, number, number, number];
      lines: number;
    };
    meta: GraticuleMeta;
  };
  save: {
    msg: { what: SaveFormat; box: readonly [number, number, number, number] };
    meta: { name: string; bytes: number };
  };
  probe: {
    msg: Where & { x: number; y: number; system: System; angles: Angles };
    meta: ProbeMeta;
  };
}
