/** How long the points take to draw, and how what was drawn is moved meanwhile. */
import type { Size } from '../../../core/geometry';
import type { View } from '../../../core/protocol';
import type { Layer } from './layer';

/** Milliseconds that a picture may take while the view moves. */
const [LONGEST, LOOK] = [40, 8];

/** What a picture of points was made of. */
export interface Drawn {
  readonly layers: readonly Layer[];
  readonly view: View;
  readonly screen: Size;
  readonly density: number;
}

/** Tells whether two pictures are of the same rows on the same screen, and of the same view if that counts. */
export function alike(a: Drawn, b: Drawn, view: boolean): boolean {
  const same =
    a.density === b.density &&
    a.screen.width === b.screen.width &&
    a.screen.height === b.screen.height &&
    a.layers.length === b.layers.length &&
    a.layers.every((layer, i) => layer === b.layers[i]);
  const { x, y, zoom } = a.view;
  return same && (!view || (x === b.view.x && y === b.view.y && zoom === b.view.zoom));
}

/** Gives the CSS transform, about the middle, that brings a picture from one view to another. */
export function moved(from: View, to: View): string {
  const [across, up] = [(from.x - to.x) * to.zoom, (to.y - from.y) * to.zoom];
  const scale = to.zoom / from.zoom;
  return across === 0 && up === 0 && scale === 1
    ? ''
    : `translate(${across}px, ${up}px) scale(${scale})`;
}

/** Measures how long a picture took: the card works while the page goes on. */
export class Pace {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #fence: WebGLSync | null = null;
  #began = 0;
  #took = 0;

  /** Whether a picture takes longer than a hand on it may wait, the one that is being made among them. */
  get slow(): boolean {
    return this.#took > LONGEST || (!!this.#fence && performance.now() - this.#began > LONGEST);
  }

  /** A picture was asked for. */
  begin(gl: WebGL2RenderingContext): void {
    this.end();
    const fence = (this.#fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0));
    gl.flush();
    this.#began = performance.now();
    const look = () => {
      const done = !fence || gl.isContextLost() || gl.clientWaitSync(fence, 0, 0);
      if (done === gl.TIMEOUT_EXPIRED) {
        this.#timer = setTimeout(look, LOOK);
        return;
      }
      this.#took = performance.now() - this.#began;
      gl.deleteSync(fence);
      this.#fence = null;
    };
    this.#timer = setTimeout(look, LOOK);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#fence = null;
  }
}
