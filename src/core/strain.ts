/**
 * What crosses between a StrainViewer's view and the kernel. Mirror of the handlers in
 * `kernel/astrodata_kernel/widgets/strain.py`. Times on the wire are seconds of the record, from 0;
 * traits hold GPS seconds.
 */
import type { Colormap, HelloMeta } from './protocol';

export const PANELS = ['time', 'asd', 'spectrogram', 'q'] as const;

export type Panel = (typeof PANELS)[number];

/** Hz; null is an open side. */
export type Band = readonly [number | null, number | null];

/** The synced traits of StrainViewer, named as in Python. */
export interface StrainTraits {
  channel: string;
  /** GPS seconds */
  center: number;
  /** seconds, 0.5 to 8 */
  window: number;
  /** GPS seconds; null shows the whole record. */
  span: readonly [number, number] | null;
  /** 4 to 64 */
  q: number;
  /** Hz */
  frange: readonly [number, number];
  whiten: boolean;
  band: Band | null;
  /** Hz */
  notches: readonly number[];
  panels: readonly Panel[];
  colormap: Colormap;
  /** Of one panel, in CSS pixels. */
  height: number;
}

/** What is done to the record before it is shown. */
export interface Conditioning {
  readonly whiten: boolean;
  readonly band: Band | null;
  readonly notches: readonly number[];
}

/** When a data-quality flag holds, in seconds of the record. */
export interface Flag {
  readonly name: string;
  readonly spans: readonly (readonly [number, number])[];
}

export interface Glitch {
  /** seconds of the record */
  readonly time: number;
  /** Hz */
  readonly frequency: number | null;
  readonly snr: number | null;
  /** seconds */
  readonly duration: number | null;
  readonly label: string;
}

export interface RecordMeta {
  readonly name: string;
  readonly detector: string;
  readonly unit: string;
  /** Hz */
  readonly sample_rate: number;
  /** GPS time of the first sample; 0 when it is not known. */
  readonly epoch: number;
  readonly gps: boolean;
  /** seconds */
  readonly duration: number;
  readonly samples: number;
  readonly flags: readonly Flag[];
  readonly glitches: readonly Glitch[];
  readonly warnings: readonly string[];
}

interface ArrayMeta {
  /** (bands, rows, columns) */
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** Lowest and highest value of equal stretches: shape (1, 2, columns). */
export interface SeriesMeta extends ArrayMeta {
  readonly start: number;
  readonly stop: number;
  /** Whether each stretch is one sample. */
  readonly exact: boolean;
  readonly unit: string;
}

/** Two buffers of shape (1, 2, points): frequencies and amplitudes. */
export interface AsdMeta {
  readonly whole: ArrayMeta;
  readonly selected: ArrayMeta;
  readonly unit: string;
}

/** A picture of shape (1, rows, columns); rows evenly spaced in log frequency, the lowest first. */
export interface PictureMeta extends ArrayMeta {
  readonly start: number;
  readonly stop: number;
  readonly low: number;
  readonly high: number;
}

export interface SpectrogramMeta extends PictureMeta {
  /** Values, log10 of the amplitude, painted in the first and the last colour. */
  readonly limits: readonly [number, number];
  /** Length of a stretch. */
  readonly seconds: number;
  readonly unit: string;
}

export interface QMeta extends PictureMeta {
  readonly q: number;
  readonly peak: {
    readonly energy: number;
    readonly frequency: number;
    readonly time: number;
  } | null;
}

type Between = { start: number; stop: number };
type Around = { center: number; window: number };
type Conditioned = { settings: Conditioning };
type Frequencies = { frange: readonly [number, number] };

/** What StrainViewer answers: the message up and the meta down of each kind. */
export interface StrainRequests {
  hello: { msg: Record<string, never>; meta: HelloMeta };
  describe: { msg: Record<string, never>; meta: RecordMeta };
  series: { msg: Between & Conditioned & { columns: number }; meta: SeriesMeta };
  asd: { msg: Around & Conditioned; meta: AsdMeta };
  spectrogram: {
    msg: Between & Frequencies & Conditioned & { columns: number; rows: number };
    meta: SpectrogramMeta;
  };
  q: {
    msg: Around & Frequencies & Conditioned & { q: number; columns: number; rows: number };
    meta: QMeta;
  };
}
