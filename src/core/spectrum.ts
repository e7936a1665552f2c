/**
 * What crosses between a SpectrumViewer's view and the kernel, and where lines lie on an axis. Mirror of the
 * handlers in `kernel/astrodata_kernel/widgets/spectrum.py` and of `processing/spectral_units.py`.
 */
import type { HelloMeta } from './protocol';

/** Units that one can switch between; `own` is the spectrum's. */
export const UNITS = ['own', 'Angstrom', 'nm', 'um', 'GHz', 'km/s', 'eV'] as const;

export type Unit = (typeof UNITS)[number];
export type Medium = 'vacuum' | 'air';
export type Smoothing = 'none' | 'boxcar' | 'gaussian';
export type Range = readonly [low: number, high: number];
export type SpectrumFormat =
  'png' | 'pdf' | 'svg' | 'fits' | 'csv' | 'ecsv' | 'parquet' | 'json' | 'py';

/** The synced traits of SpectrumViewer, named as in Python. */
export interface SpectrumTraits {
  channel: string;
  redshift: number;
  unit: Unit;
  medium: Medium;
  /** Name of the line at velocity 0. */
  reference: string;
  smoothing: Smoothing;
  /** In pixels. */
  width: number;
  errors: boolean;
  mask: boolean;
  /** Names of lines or of their groups. */
  lines: readonly string[];
  x_range: Range | null;
  y_range: Range | null;
  /** Of the plot, in CSS pixels. */
  height: number;
  /** Counts the measures. */
  version: number;
}

export interface LineFacts {
  readonly name: string;
  readonly label: string;
  /** In vacuum at rest, Angstrom. */
  readonly wavelength: number;
  readonly group: string;
  readonly seen: 'emission' | 'absorption' | 'both';
}

export interface SpectrumMeta {
  readonly name: string;
  readonly pixels: number;
  readonly unit: string;
  readonly flux_unit: string;
  readonly medium: Medium;
  readonly has_units: boolean;
  readonly has_errors: boolean;
  readonly has_mask: boolean;
  /** That the file tells. */
  readonly redshift: number | null;
  readonly lines: readonly LineFacts[];
  readonly warnings: readonly string[];
}

/** As bytes f4 of shape (1, 5, stretches): place less `zero`, lowest, highest, lower and upper error. */
export interface CurveMeta {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly zero: number;
  /** Ends of the whole axis. */
  readonly full: Range;
  /** Whether each stretch is one pixel. */
  readonly exact: boolean;
  readonly pixels: number;
  /** Masked stretches. */
  readonly shaded: readonly Range[];
}

/** One line as it was measured, in the spectrum's own units; null where there is no number. */
export interface Measure {
  readonly low: number;
  readonly high: number;
  readonly centroid: number | null;
  readonly centroid_err: number | null;
  readonly flux: number | null;
  readonly flux_err: number | null;
  readonly ew: number | null;
  readonly ew_err: number | null;
  readonly ew_rest: number | null;
  readonly center: number | null;
  readonly center_err: number | null;
  readonly fwhm: number | null;
  readonly fwhm_err: number | null;
  readonly fwhm_velocity: number | null;
  readonly fitted: boolean;
  /** On the axis on show. */
  readonly x: readonly number[];
  readonly fit: readonly number[];
  readonly continuum: readonly number[];
}

export interface MeasuresMeta {
  readonly measures: readonly Measure[];
  readonly units: { readonly axis: string; readonly flux: string };
}

/** Which axis a request is about; `reference` in Angstrom as observed. */
export interface Axis {
  readonly unit: Unit;
  readonly medium: Medium;
  readonly reference: number;
}

/** What SpectrumViewer answers: the message up and the meta down of each kind. */
export interface SpectrumRequests {
  hello: { msg: Record<string, never>; meta: HelloMeta };
  describe: { msg: Record<string, never>; meta: SpectrumMeta };
  curve: {
    msg: Axis & {
      columns: number;
      smoothing: Smoothing;
      width: number;
      x_range: Range | null;
    };
    meta: CurveMeta;
  };
  probe: {
    msg: Axis & { x: number };
    meta: {
      readonly pixel: number;
      readonly x: number;
      readonly flux: number | null;
      readonly error: number | null;
      readonly bad: boolean;
    };
  };
  measure: { msg: Axis & { low: number; high: number }; meta: MeasuresMeta };
  measures: { msg: Axis; meta: MeasuresMeta };
  clear: { msg: Record<string, never>; meta: Record<string, never> };
  save: {
    msg: { what: SpectrumFormat };
    meta: { readonly name: string; readonly bytes: number };
  };
}

/** km/s */
const LIGHT = 299792.458;
/** Angstrom times GHz */
const FREQUENCY = 2.99792458e9;
/** Angstrom times eV: Planck's constant times the speed of light. */
const ENERGY = 12398.419843320026;
/** Angstrom below which wavelengths are told in vacuum always. */
const NO_AIR = 2000;

const PER_ANGSTROM: Readonly<Record<string, number>> = {
  Angstrom: 1,
  AA: 1,
  nm: 0.1,
  um: 1e-4,
  micron: 1e-4,
  mm: 1e-7,
  cm: 1e-8,
  m: 1e-10
};
const PER_GHZ: Readonly<Record<string, number>> = {
  Hz: 1e9,
  kHz: 1e6,
  MHz: 1e3,
  GHz: 1,
  THz: 1e-3
};
const PER_EV: Readonly<Record<string, number>> = { eV: 1, keV: 1e-3, MeV: 1e-6 };

/** Gives how much shorter a wavelength is in air: Morton 2000, ApJS 130, 403, equation 8. */
function refraction(vacuum: number): number {
  const s2 = (1e4 / vacuum) ** 2;
  return 1 + 8.34254e-5 + 2.406147e-2 / (130 - s2) + 1.5998e-4 / (38.9 - s2);
}

export function toAir(vacuum: number): number {
  return vacuum < NO_AIR ? vacuum : vacuum / refraction(vacuum);
}

export function toVacuum(air: number): number {
  if (air < NO_AIR / refraction(NO_AIR)) {
    return air;
  }
  let vacuum = air;
  for (let i = 0; i < 5; i++) {
    vacuum = air * refraction(vacuum); // each step gains four digits
  }
  return vacuum;
}

/** Gives where a wavelength in vacuum, in Angstrom, lies on an axis; NaN where the unit is none of these. */
export function placeOf(vacuum: number, unit: string, medium: Medium, reference: number): number {
  if (unit in PER_ANGSTROM) {
    return PER_ANGSTROM[unit] * (medium === 'air' ? toAir(vacuum) : vacuum);
  }
  if (unit in PER_GHZ) {
    return (PER_GHZ[unit] * FREQUENCY) / vacuum;
  }
  if (unit in PER_EV) {
    return (PER_EV[unit] * ENERGY) / vacuum;
  }
  return unit === 'km/s' ? (LIGHT * (vacuum - reference)) / reference : NaN;
}

/** Gives the wavelength in vacuum, in Angstrom, at a place of an axis. */
export function wavelengthAt(
  place: number,
  unit: string,
  medium: Medium,
  reference: number
): number {
  if (unit in PER_ANGSTROM) {
    const angstrom = place / PER_ANGSTROM[unit];
    return medium === 'air' ? toVacuum(angstrom) : angstrom;
  }
  if (unit in PER_GHZ) {
    return (PER_GHZ[unit] * FREQUENCY) / place;
  }
  if (unit in PER_EV) {
    return (PER_EV[unit] * ENERGY) / place;
  }
  return unit === 'km/s' ? reference * (1 + place / LIGHT) : NaN;
}

/** Tells whether a unit is one of lengths, which differ in air. */
export function isWavelength(unit: string): boolean {
  return unit in PER_ANGSTROM;
}
