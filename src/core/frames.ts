/** What crosses between FitsFrames and the kernel. Mirror of `widgets/fits_frames.py`. */
import type { HelloMeta } from './protocol';

export type Mode = 'side' | 'blink' | 'swipe';
export type Align = 'sky' | 'pixels';

/** The synced traits, named as in Python. */
export interface FramesTraits {
  channel: string;
  mode: Mode;
  align: Align;
  /** Number of the image whose controls are shown. */
  active: number;
  playing: boolean;
  /** Seconds that each image is shown while they blink. */
  interval: number;
  /** Share of the picture's width. */
  divider: number;
  linked: boolean;
  matched: boolean;
  height: number;
  /** Of the viewers, as the host finds their models. */
  frames: readonly string[];
}

export interface FramesMeta {
  readonly names: readonly string[];
  /** Whether all have a sky to be aligned by. */
  readonly sky: boolean;
}

export interface FramesRequests {
  hello: { msg: Record<string, never>; meta: HelloMeta };
  describe: { msg: Record<string, never>; meta: FramesMeta };
  match: { msg: { number: number }; meta: Record<string, never> };
}
