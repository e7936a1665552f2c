/** The canvas and what keeps it painted: its size, its frames, and its graphics memory. */
import type { Size } from '../../core/geometry';
import { button, make } from '../common/dom';
import { Renderer, type Frame } from './renderer';

export interface StageHooks {
  /** Gives what to paint now; called at most once a frame, and never while nothing is visible. */
  frame(): Frame | null;
  /** All paintings are gone: they have to be uploaded again. */
  restored(): void;
  /** The browser keeps the graphics memory to itself: begin anew with another canvas. */
  rebuild(): void;
  /** A frame is done, painted or not. */
  painted(): void;
}

const NO_WEBGL =
  'This browser offers no WebGL2, which the image viewer paints with. Turn on hardware acceleration in ' +
  "the browser's settings, or use a recent Firefox, Chrome, Edge or Safari. The values can be read in " +
  'Python all the same: viewer.dataset.array.';
const LOST =
  "The browser took this picture's graphics memory for others: a page holds some sixteen pictures.";

export class Stage {
  readonly element: HTMLElement;
  readonly canvas = make('canvas', {
    class: 'astrodata-fits-canvas',
    role: 'application',
    tabindex: 0,
    'aria-label': 'FITS image',
    'aria-keyshortcuts': 'ArrowLeft ArrowRight ArrowUp ArrowDown + - 0 1 i r g h , . < > ?'
  });
  readonly #notice = make('div', { class: 'astrodata-fits-notice', hidden: true });
  readonly #hooks: StageHooks;
  readonly renderer: Renderer | null;
  #screen: Size = { width: 0, height: 0 };
  #request = 0;

  /**
   * @param signal - Ends it and gives the graphics memory back.
   * @param over - What lies over the picture.
   */
  constructor(hooks: StageHooks, signal: AbortSignal, ...over: Element[]) {
    this.#hooks = hooks;
    const busy = make('div', { class: 'astrodata-fits-busy' }, 'Loading…');
    this.element = make('div', { class: 'astrodata-fits-stage' }, this.canvas, busy, this.#notice);
    this.canvas.after(...over);
    this.renderer = this.#renderer();
    if (this.renderer) {
      this.#listen(signal);
    } else {
      this.canvas.hidden = true;
    }
  }

  /** In CSS pixels; empty while the output is off the page. */
  get screen(): Size {
    return this.#screen;
  }

  /** Device pixels per CSS pixel. */
  get density(): number {
    return window.devicePixelRatio || 1;
  }

  /** Whether a frame is still to come. */
  get waiting(): boolean {
    return this.#request !== 0;
  }

  /** Has the picture painted in the next frame. */
  dirty(): void {
    this.#request ||= requestAnimationFrame(() => this.#paint());
  }

  /** Paints now, for a picture that follows another one in the same frame. */
  paintNow(): void {
    this.#paint();
  }

  setHeight(pixels: number): void {
    this.element.style.height = `${pixels}px`;
  }

  #renderer(): Renderer | null {
    try {
      const renderer = Renderer.on(this.canvas);
      if (!renderer) {
        this.#tell(NO_WEBGL);
      }
      return renderer;
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  #listen(signal: AbortSignal): void {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry.contentRect;
      this.#screen = { width, height };
      // Before the browser shows the new size, or the picture would flash.
      this.#paint();
    });
    observer.observe(this.canvas);
    let patience: ReturnType<typeof setTimeout> | undefined;
    this.canvas.addEventListener(
      'webglcontextlost',
      event => {
        event.preventDefault(); // or it is never restored
        patience = setTimeout(
          () => this.#tell(LOST, button('Paint again', 'Paint again', '', this.#hooks.rebuild)),
          1000
        );
      },
      { signal }
    );
    this.canvas.addEventListener(
      'webglcontextrestored',
      () => {
        clearTimeout(patience);
        this.#notice.hidden = true;
        this.renderer?.restore();
        this.#hooks.restored();
        this.dirty();
      },
      { signal }
    );
    // Zooming the page, or moving the window to another screen, changes the density.
    window.addEventListener('resize', () => this.dirty(), { signal });
    signal.addEventListener('abort', () => {
      clearTimeout(patience);
      observer.disconnect();
      cancelAnimationFrame(this.#request);
      this.renderer?.dispose();
    });
  }

  #tell(sentence: string, ...actions: Node[]): void {
    this.#notice.replaceChildren(make('p', {}, sentence), ...actions);
    this.#notice.hidden = false;
  }

  #paint(): void {
    cancelAnimationFrame(this.#request);
    this.#request = 0;
    this.#fill();
    this.#hooks.painted();
  }

  #fill(): void {
    const { renderer, canvas, density } = this;
    const { width, height } = this.#screen;
    if (!renderer || renderer.lost || !(width > 0 && height > 0)) {
      return;
    }
    const [columns, rows] = [Math.round(width * density), Math.round(height * density)];
    if (canvas.width !== columns || canvas.height !== rows) {
      canvas.width = columns;
      canvas.height = rows;
    }
    renderer.draw(this.#hooks.frame());
  }
}
