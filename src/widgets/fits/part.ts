/** What a feature brings to the viewer: pictures over the image, a panel below it, a tool for the hand. */
import type { Point, Size } from '../../core/geometry';
import type { DescribeMeta, FitsTraits, View, Where } from '../../core/protocol';
import type { Requester } from '../../core/request';
import type { Traits } from '../common/traits';
import type { Frame } from './renderer';

/** What the viewer lends its parts. */
export interface PartContext {
  readonly traits: Traits<FitsTraits>;
  /** Ends the viewer. */
  readonly signal: AbortSignal;
  /** Has the picture painted in the next frame, and `frame` of each part called. */
  dirty(): void;
  /** Work of a part began or ended. */
  changed(): void;
  /** Tells what went wrong, and offers a remedy. */
  fail(error: unknown, retry?: () => void): void;
  /** Looks at a place in array pixels; as near as now without a zoom. */
  goto(place: Point, zoom?: number): void;
  /**
   * Has the overview and all tiles of which pixels were left out fetched anew; they stay until then.
   *
   * @param reduced - All tiles that have fewer pixels than the image.
   */
  sharpen(reduced?: boolean): void;
  /**
   * Has values under the pointer read from another image of the same pixels, null for the one on show.
   *
   * @param said - Which one it is, where there are several.
   */
  read(hdu: number | null, said: string): void;
  /** Brings another HDU or plane on show; Python hears of it at once with `tell`, or once it stays. */
  show(where: Partial<Where>, tell?: boolean): void;
  /** Has another canvas, as large as the picture's, move the view as that does, until `signal` ends it. */
  hands(canvas: HTMLCanvasElement, signal: AbortSignal): void;
  /** Gives the keys back to the picture, for when a panel is closed. */
  focus(): void;
}

/** The left button or a finger held on the picture, taken by a part: it no longer moves the view. */
export interface Grip {
  /** @param at - In array pixels. */
  move(at: Point, event: PointerEvent): void;
  /** @param kept - False when the browser took the pointer away. */
  end(at: Point, event: PointerEvent, kept: boolean): void;
}

/** Each method may be left out by a part that has no use for it. */
export interface Part {
  /** Lies over the picture, as large as it; takes no clicks unless its style says so. */
  readonly overlay?: Element;
  /** Stands below the picture. */
  readonly panel?: HTMLElement;
  /** Stands beside the picture, where there is room, or below it. */
  readonly beside?: HTMLElement;
  /** Stands in the toolbar. */
  readonly tools?: HTMLElement;
  /** Keys and moves of the hand, for the list of them. */
  readonly help?: readonly (readonly [string, string])[];
  readonly busy?: boolean;
  connect?(requester: Requester): void;
  /** Another image is on show, or none. */
  setImage?(facts: DescribeMeta | null, where: Where | null): void;
  /** A frame is painted: the moment to bring an overlay to where the image is. */
  frame?(view: View, image: Size, screen: Size): void;
  /** The picture is about to be painted so: whoever shows another one in the same way follows it. */
  painted?(frame: Frame): void;
  /** The pointer in array pixels, null once it left the picture. */
  hover?(at: Point | null, event: PointerEvent | null): void;
  /** The button went down on the picture: a part that wants the hand gives a grip. */
  grip?(at: Point, event: PointerEvent): Grip | null;
  /** A key on the picture; true when it was the part's. */
  key?(event: KeyboardEvent): boolean;
  /** Brings canvases to another theme. */
  redraw?(): void;
  dispose?(): void;
}
