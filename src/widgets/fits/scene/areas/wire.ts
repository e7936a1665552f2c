/** What crosses about areas of scenes. Mirror of `widgets/scene_areas.py`. */
import type { Shape } from '../../../../core/regions';

export const COLUMNS = ['n', 'mean', 'std', 'min', 'p5', 'median', 'p95', 'max'] as const;

export type AreaRow = { readonly name: string } & Readonly<
  Record<(typeof COLUMNS)[number] | 'cloud' | 'hectares', number | null>
>;

export interface AreaMeta {
  readonly rows: readonly AreaRow[];
  readonly pixels: number;
  readonly hectares: number | null;
  /** Share under cloud, null where nothing tells. */
  readonly cloud: number | null;
  /** From where to go on, null at the end. */
  readonly next: number | null;
}

export interface HistogramMeta {
  readonly dates: readonly string[];
  readonly edges: readonly number[];
  /** By date. */
  readonly counts: readonly (readonly number[])[];
  /** Dates that come, and those that are left out. */
  readonly total: number;
  readonly left: number;
  readonly sampled: boolean;
}

export interface AreaRequests {
  scene_area: {
    msg: { shape: Shape; indices: readonly string[]; clouds: boolean; first: number; date: number };
    meta: AreaMeta;
  };
  scene_histogram: {
    msg: { shape: Shape; name: string; clouds: boolean; date: number };
    meta: HistogramMeta;
  };
  scene_export: {
    msg: {
      shape: Shape;
      what: 'tif' | 'csv';
      bands: readonly string[] | null;
      numbers: boolean;
      clouds: boolean;
    };
    meta: { name: string; bytes: number };
  };
}

/** The synced traits, named as in Python. */
export interface AreaTraits {
  area_panel: boolean;
  area_clouds: boolean;
}

const WITH_INSIDE: readonly Shape['shape'][] = ['circle', 'ellipse', 'box', 'polygon', 'point'];

/** Gives the region that is told, and its number: the first of those selected that has an inside. */
export function chosen(
  shapes: readonly Shape[],
  selected: readonly number[]
): { shape: Shape; number: number } | null {
  const number = selected.find(one => shapes[one] && WITH_INSIDE.includes(shapes[one].shape));
  return number === undefined ? null : { shape: shapes[number], number };
}

/** Gives a shape without its looks, which change no number. */
export function place({ text: _t, color: _c, group: _g, exclude: _e, ...rest }: Shape): Shape {
  return rest as Shape;
}
