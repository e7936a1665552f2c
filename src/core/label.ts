/**
 * What crosses between a Labeller's view and the kernel. Mirror of the handlers in
 * `kernel/astrodata_kernel/widgets/label.py`. Events go by their row: an id may be beyond what a number
 * of JavaScript holds.
 */
import type { HelloMeta } from './protocol';

/** The synced traits of Labeller, named as in Python. */
export interface LabelTraits {
  channel: string;
  /** Number of the event on show, -1 for none. */
  row: number;
  blind: boolean;
  /** Go on by itself as soon as an event has its class. */
  advance: boolean;
  /** Of the picture, in CSS pixels. */
  height: number;
}

export interface ClassFacts {
  readonly name: string;
  /** `#rrggbb` */
  readonly color: string;
  /** May be empty. */
  readonly hotkey: string;
  readonly parent: string | null;
  readonly count: number;
}

/** A stretch of a waveform in samples, or a place of an image in its pixels, from 0. */
export type Region =
  | { readonly kind: 'interval'; readonly start: number; readonly stop: number }
  | {
      readonly kind: 'box';
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
    }
  | { readonly kind: 'polygon'; readonly points: readonly (readonly [number, number])[] };

/** What the log says of an event by this annotator. */
export interface Mark {
  readonly row: number;
  /** Empty without a label. */
  readonly label: readonly string[];
  readonly note: string;
  readonly confidence: number | null;
  readonly skipped: boolean;
  readonly regions: readonly { readonly region: Region; readonly label: readonly string[] }[];
}

export interface Next {
  readonly row: number;
  /** 0 the first time; above, one of the repetitions that look like any other event. */
  readonly turn: number;
  /** Its id as text. */
  readonly id: string;
  /** Why it comes now, or empty. */
  readonly reason: string;
}

export interface LabelState {
  readonly total: number;
  readonly labelled: number;
  readonly skipped: number;
  readonly passed: number;
  readonly remaining: number;
  readonly multiple: boolean;
  readonly classes: readonly ClassFacts[];
  readonly ahead: readonly Next[];
  readonly undo: boolean;
  readonly redo: boolean;
  /** How often a repetition got the label that the event had. */
  readonly consistency: { readonly same: number; readonly of: number } | null;
  /** Rises whenever the queue got another order. */
  readonly order: number;
  readonly learning: string;
}

export interface LabelMeta extends LabelState {
  readonly kind: 'waveforms' | 'images' | 'rows';
  readonly events: number;
  readonly annotator: string;
  /** Folder of the log. */
  readonly folder: string;
  /** seconds */
  readonly sample_period: number | null;
  readonly start: Next | null;
  readonly warnings: readonly string[];
}

export interface EventMeta extends Mark {
  readonly id: string;
  readonly facts: readonly (readonly [string, string])[];
  /** null without scores, and for the blind. */
  readonly score: number | null;
  readonly reason: string;
  readonly others: readonly { readonly annotator: string; readonly label: readonly string[] }[];
  /** Of the bytes; rows have none. */
  readonly shape?: readonly number[];
  readonly dtype?: string;
  readonly invalid?: number;
  /** Of waveforms. */
  readonly samples?: number;
  readonly low?: number;
  readonly high?: number;
  /** Of images, in their own pixels. */
  readonly width?: number;
  readonly height?: number;
  readonly step?: number;
  readonly limits?: readonly (readonly [number, number])[];
}

/** What every step says; `key` names it, so that one that is sent twice is done once. */
interface Step {
  readonly key: string;
  /** Rows that the view holds already: they do not come again in `ahead`. */
  readonly without: readonly number[];
}

/** The log has it: written and on the disk. */
export interface Done extends LabelState {
  readonly mark: Mark | null;
  readonly id: string;
}

export type ClassChange =
  | { readonly what: 'add'; readonly name: string; readonly color?: string }
  | { readonly what: 'rename'; readonly name: string; readonly to: string }
  | { readonly what: 'recolour'; readonly name: string; readonly color: string }
  | { readonly what: 'hotkey'; readonly name: string; readonly hotkey: string };

/** What Labeller answers: the message up and the meta down of each kind. */
export interface LabelRequests {
  hello: { msg: Record<string, never>; meta: HelloMeta };
  describe: { msg: Record<string, never>; meta: LabelMeta };
  state: { msg: { without: readonly number[] }; meta: LabelState };
  event: { msg: { row: number; turn: number; blind: boolean }; meta: EventMeta };
  thumbnails: {
    msg: { rows: readonly number[]; width: number; height: number };
    meta: {
      shape: readonly number[];
      dtype: string;
      rows: readonly number[];
      width: number;
      height: number;
    };
  };
  put: {
    msg: Step & {
      row: number;
      turn: number;
      label: readonly string[];
      note: string | null;
      confidence: number | null;
      seconds: number | null;
      region: Region | null;
    };
    meta: Done;
  };
  skip: { msg: Step & { row: number; turn: number }; meta: Done };
  pass: { msg: Step & { row: number; turn: number }; meta: Done };
  /** `of` is the step that is meant when it had not been answered yet. */
  undo: { msg: Step & { of: string | null }; meta: Done };
  redo: { msg: Step & { of: string | null }; meta: Done };
  again: { msg: Step; meta: Done };
  classes: { msg: Step & { change: ClassChange }; meta: Done };
}
