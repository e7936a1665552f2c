/** What crosses about pixels of scenes. Mirror of `widgets/scene_pixels.py` and `widgets/scene_dates.py`. */

/** Column from the west and row from the south. */
export type Place = readonly [number, number];

export interface BandValue {
  readonly band: string;
  /** In nm. */
  readonly wavelength: number | null;
  readonly value: number | null;
  /** In m. */
  readonly resolution: number;
}

export interface SpectrumMeta {
  readonly x: number;
  readonly y: number;
  readonly quantity: 'reflectance' | 'number';
  /** By wavelength. */
  readonly bands: readonly BandValue[];
  /** null where nothing tells. */
  readonly cloud: boolean | null;
  readonly class: string;
  readonly date: string;
  readonly place: string;
}

export interface SeriesMeta {
  readonly first: number;
  readonly total: number;
  readonly dates: readonly string[];
  readonly cloud: readonly boolean[];
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
  /** Scenes that do not tell where their clouds are. */
  readonly untold: readonly string[];
}

export interface PixelRequests {
  scene_spectrum: { msg: { x: number; y: number; date: number }; meta: SpectrumMeta };
  scene_series: {
    msg: { x: number; y: number; indices: readonly string[]; first: number };
    meta: SeriesMeta;
  };
  scene_pixels_text: { msg: { what: 'series' | 'spectrum' | 'py' }; meta: { text: string } };
}

/** The synced traits, named as in Python. */
export interface PixelTraits {
  pixels: readonly Place[];
  pixel_panel: boolean;
  series_indices: readonly string[];
  series_clouds: boolean;
}

export const MOST_PINS = 10;

/** Gives the places after a click on one: it is pinned, or no longer where it was. */
export function toggled(pixels: readonly Place[], [x, y]: Place): readonly Place[] {
  const others = pixels.filter(one => one[0] !== x || one[1] !== y);
  return others.length < pixels.length ? others : [...pixels, [x, y] as const].slice(-MOST_PINS);
}
