/**
 * What crosses between the image viewer and the kernel about cubes, and the arithmetic of planes. Mirror of
 * `kernel/astrodata_kernel/widgets/fits_cubes.py`.
 */
import type { Where } from './protocol';
import type { Reply } from './request';
import { decode } from './wire';

export const PLAY_ORDERS = ['loop', 'bounce', 'once'] as const;
export type PlayOrder = (typeof PLAY_ORDERS)[number];
export type Convention = '' | 'radio' | 'optical' | 'relativistic';
export type Statistic = 'mean' | 'sum' | 'median';

/** A region in array pixels: circle, ellipse, box or polygon with its numbers. */
export interface RegionWish {
  readonly shape: string;
}

/** Where a spectrum that stays is taken: at a pixel, or in a region. */
export type Pin = { readonly x: number; readonly y: number } | RegionWish;

/** The synced traits of `CubeWidget`. */
export interface CubeTraits {
  playing: boolean;
  /** Channels a second. */
  play_speed: number;
  play_order: PlayOrder;
  /** Empty takes the cube's own quantity. */
  spectral_unit: string;
  doppler_convention: Convention;
  rest: string;
  /** Whether the spectra are shown below the picture. */
  spectra: boolean;
  pinned: readonly Pin[];
  /** First and last channel that are chosen, null for all. */
  channel_range: readonly [number, number] | null;
  /** Ends of the line along which the cube is cut, in array pixels. */
  slice_path: Path | null;
  /** Pixels across it. */
  slice_width: number;
}

/** What a cube is; as bytes f4 twice: the values of the channels, and what they lack to float64. */
export interface CubeMeta {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly hdu: number;
  /** Lengths of the axes before the rows, slowest first. */
  readonly lead: readonly number[];
  readonly channel_axis: number;
  readonly stokes_axis: number | null;
  readonly polarisations: readonly string[];
  readonly kind: string;
  /** What the values are: frequency, wavelength, velocity, energy, wavenumber or channel. */
  readonly quantity: string;
  readonly unit: string;
  /** SPECSYS, or empty. */
  readonly frame: string;
  readonly convention: string;
  readonly rest: string;
  readonly units: readonly string[];
  /** BUNIT */
  readonly value_unit: string;
  readonly note: string;
}

/** Work that goes on: to be asked after. */
export interface NotYet {
  readonly ready: false;
  readonly progress: number;
  readonly doing: string;
}

/** The file in which each spectrum lies in one piece. */
export type FileState =
  | { readonly state: 'none' | 'ready' }
  | { readonly state: 'working'; readonly progress: number }
  | { readonly state: 'refused'; readonly note: string };

export interface SpectrumMeta {
  readonly ready: true;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly pixels: number;
  readonly file: FileState;
}

/** A slice; as bytes f4 of (channels, points). */
export interface SliceMeta {
  readonly ready: true;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly low: number;
  readonly high: number;
  /** From point to point, in `step_unit`. */
  readonly step: number;
  readonly step_unit: string;
}

interface Asked extends Where {
  /** Which view asks: its wish before is given up. */
  readonly view: string;
}

/** How the spectral axis is told; said along, for traits travel another way. */
interface Told {
  readonly unit: string;
  readonly convention: Convention;
  readonly rest: string;
}

export type Path = readonly [readonly [number, number], readonly [number, number]];

export interface CubeRequests {
  cube: { msg: { hdu: number } & Told; meta: CubeMeta };
  spectrum: {
    msg: Asked & ({ x: number; y: number } | { region: RegionWish; statistic: Statistic });
    meta: SpectrumMeta | NotYet;
  };
  moment: {
    msg: Asked & {
      order: number;
      channels: readonly [number, number] | null;
      threshold: number | null;
    } & Told;
    meta: { ready: true; hdu: number; of: number; stokes: string } | NotYet;
  };
  slice: { msg: Asked & { path: Path; width: number }; meta: SliceMeta | NotYet };
  cube_file: {
    msg: Asked & { path?: Path; width?: number };
    meta: { ready: true; name: string } | NotYet;
  };
  cube_cancel: {
    msg: { what: 'moment' | 'slice' | 'spectrum' | 'file'; view: string; hdu: number };
    meta: Record<string, never>;
  };
}

/** A cube as the browser knows it. */
export interface CubeFacts extends CubeMeta {
  /** Of each channel, in `unit`. */
  readonly values: Float64Array;
}

export function cubeFacts({ meta, buffers }: Reply<CubeMeta>): CubeFacts {
  const [high, low] = buffers.map(buffer => decode(meta, buffer).data);
  return { ...meta, values: Float64Array.from(high, (value, i) => value + low[i]) };
}

/** Gives the index of a plane along the axes before the rows. */
function indexOf({ lead }: CubeMeta, plane: number): number[] {
  const index = lead.map(() => 0);
  for (let axis = lead.length - 1; axis >= 0; axis--) {
    index[axis] = plane % lead[axis];
    plane = Math.floor(plane / lead[axis]);
  }
  return index;
}

function planeAt({ lead }: CubeMeta, index: readonly number[]): number {
  return index.reduce((plane, at, axis) => plane * lead[axis] + at, 0);
}

function changed(index: readonly number[], axis: number, at: number): number[] {
  return index.map((one, i) => (i === axis ? at : one));
}

/** Gives the channel of a plane. */
export function channelOf(cube: CubeMeta, plane: number): number {
  return indexOf(cube, plane)[cube.channel_axis];
}

/** Gives the plane of another channel, all else being as in `plane`. */
export function atChannel(cube: CubeMeta, plane: number, channel: number): number {
  return planeAt(cube, changed(indexOf(cube, plane), cube.channel_axis, channel));
}

/** Gives the number of a plane's polarisation, null where there is none. */
export function stokesOf(cube: CubeMeta, plane: number): number | null {
  return cube.stokes_axis === null ? null : indexOf(cube, plane)[cube.stokes_axis];
}

/** Gives the plane of another polarisation, all else being as in `plane`. */
export function atStokes(cube: CubeMeta, plane: number, stokes: number): number {
  return cube.stokes_axis === null
    ? plane
    : planeAt(cube, changed(indexOf(cube, plane), cube.stokes_axis, stokes));
}

/** Gives the channel whose value is nearest. */
export function nearestChannel({ values }: Pick<CubeFacts, 'values'>, value: number): number {
  let best = 0;
  values.forEach((one, i) => {
    if (Math.abs(one - value) < Math.abs(values[best] - value)) {
      best = i;
    }
  });
  return best;
}

/** Gives a channel's value with the digits that tell it from its neighbours: `3.3253 km/s`. */
export function valueOf(cube: CubeFacts, channel: number): string {
  const { values, unit } = cube;
  if (cube.quantity === 'channel' || !(channel in values)) {
    return '';
  }
  const next = channel + 1 < values.length ? channel + 1 : channel - 1;
  const step = next >= 0 ? Math.abs(values[next] - values[channel]) : 0;
  const digits = step > 0 ? Math.max(0, 2 - Math.floor(Math.log10(step) + 1e-6)) : 4;
  const text = digits <= 12 ? values[channel].toFixed(digits) : values[channel].toPrecision(8);
  return `${text.replace('-', '−')} ${plainUnit(unit)}`;
}

/** Gives astropy's text of a unit as people write it: `km / s` is `km/s`. */
export function plainUnit(unit: string): string {
  return unit.replaceAll(' / ', '/').replace('Angstrom', 'Å').replace(/^um$/, 'µm');
}

/** Gives what a plane is called: `I, channel 12`; channels count from 0, as in Python. */
export function planeName(cube: CubeFacts, plane: number): string {
  const stokes = stokesOf(cube, plane);
  const pole = stokes === null ? [] : [cube.polarisations[stokes]];
  const own = cube.stokes_axis === cube.channel_axis;
  return [...pole, ...(own ? [] : [`channel ${channelOf(cube, plane)}`])].join(', ');
}

/** Whether two places are one and the same. */
export function samePin(a: Pin, b: Pin): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function pinText(pin: Pin): string {
  return 'shape' in pin ? pin.shape : `x ${pin.x} y ${pin.y}`;
}
