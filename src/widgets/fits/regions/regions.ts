/** Regions as a part of the viewer: joins their tools, their pictures, the hand, the panel and the traits. */
import type { Point, Size } from '../../../core/geometry';
import type { DescribeMeta, FitsRequests, View, Where } from '../../../core/protocol';
import type { Shape } from '../../../core/regions';
import { moved } from '../../../core/shapes';
import { isAbort, type Requester } from '../../../core/request';
import { make } from '../../common/dom';
import type { Grip, Part, PartContext } from '../part';
import { catchEvents } from './catching';
import { Contours } from './contours';
import { exportRegions, importRegions } from './files';
import { Hands, type Tool } from './hands';
import { Overlay } from './overlay';
import { MeasurePanel } from './panel';
import { Store } from './store';
import './style.css';
import { HELP, KEYS, Tools, type Action } from './tools';

/** Copied regions, for all viewers of the page. */
let copied: readonly Shape[] = [];

/** Array pixels, or with Shift many, that an arrow moves by. */
const [STEP, STRIDE] = [1, 10];
/** CSS pixels between a copy and what it is of. */
const BESIDE = 14;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1]
};

export class RegionsPart implements Part {
  readonly overlay: Element;
  readonly panel: HTMLElement;
  readonly tools: HTMLElement;
  readonly help = HELP;

  readonly #context: PartContext;
  readonly #store: Store;
  readonly #overlay = new Overlay();
  readonly #tools: Tools;
  readonly #hands: Hands;
  readonly #measure: MeasurePanel;
  readonly #contours: Contours;
  readonly #said = make('p', {
    class: 'astrodata-fits-said astrodata-fits-regionsaid',
    role: 'status'
  });
  #requester: Requester<FitsRequests> | null = null;
  #view: View | null = null;
  #screen: Size = { width: 0, height: 0 };
  #color = '';
  #sky = false;
  #open = 0;
  /** When a hand ended something that a double click belongs to. */
  #ended = 0;

  constructor(context: PartContext) {
    this.#context = context;
    this.#store = new Store(({ shapes, selected }) => {
      context.traits.write({ shapes, selected_shapes: selected });
      this.#show();
    });
    this.#hands = new Hands(this.#store, {
      zoom: () => this.#view?.zoom ?? 1,
      reach: () => Math.max(this.#screen.width, this.#screen.height),
      grips: () => this.#overlay.grips(),
      changed: () => this.#show(),
      toolDone: keep => {
        this.#ended = performance.now();
        if (!keep) {
          this.#take('pointer');
        }
      },
      band: (points, closed) => this.#overlay.setBand(points, closed),
      color: () => this.#color
    });
    this.#tools = new Tools({
      tool: tool => {
        this.#take(tool);
        context.focus();
      },
      action: action => {
        this.#act(action);
        if (action !== 'contours') {
          context.focus();
        }
      },
      file: file => void this.#import(file)
    });
    this.#measure = new MeasurePanel({
      look: change => this.#look(change),
      changed: () => context.changed(),
      done: () => context.focus()
    });
    this.#contours = new Contours({
      drawn: paths => this.#overlay.setContours(paths),
      set: sets => {
        context.traits.write({ contour_sets: sets });
        this.#contours.set(sets);
      },
      changed: () => context.changed(),
      failed: error => context.fail(error)
    });
    this.overlay = this.#overlay.element;
    this.tools = this.#tools.element;
    this.panel = make('div', {}, this.#said, this.#measure.element, this.#contours.element);
    context.traits.follow(['shapes', 'selected_shapes'], () => this.#read());
    context.traits.follow(['contour_sets'], () => this.#readContours());
    this.#read();
    this.#readContours();
    catchEvents(
      this.overlay,
      { key: event => this.key(event), double: event => this.#onDouble(event) },
      context.signal
    );
  }

  get busy(): boolean {
    return this.#open > 0 || this.#measure.busy || this.#contours.busy;
  }

  connect(requester: Requester<FitsRequests>): void {
    this.#requester = requester;
    this.#measure.connect(requester);
    this.#contours.connect(requester);
  }

  setImage(facts: DescribeMeta | null, where: Where | null): void {
    this.#sky = !!facts?.frame;
    this.#measure.setImage(facts, where);
    this.#contours.setImage(where);
    this.#show();
  }

  frame(view: View, _image: Size, screen: Size): void {
    this.#view = view;
    this.#screen = screen;
    this.#overlay.frame(view, screen);
  }

  hover(at: Point | null, event: PointerEvent | null): void {
    this.#hands.hover(at);
    const canvas = event?.target;
    if (canvas instanceof HTMLElement && at && !event?.buttons) {
      canvas.style.cursor = this.#hands.cursor(at);
    }
  }

  grip(at: Point, event: PointerEvent): Grip | null {
    const grip = this.#hands.grip(at, event);
    if (grip || this.#hands.tool !== 'pointer') {
      this.#ended = performance.now();
    } else if (this.#store.selected.length) {
      this.#letGoOnClick(event);
    }
    return grip;
  }

  key(event: KeyboardEvent): boolean {
    if (event.altKey) {
      return false;
    }
    return event.ctrlKey || event.metaKey ? this.#onCommand(event) : this.#onPlain(event);
  }

  redraw(): void {
    this.#measure.redraw();
  }

  dispose(): void {
    this.#measure.dispose();
    this.#contours.dispose();
  }

  // --- what is shown ----------------------------------------------------------------------------

  #read(): void {
    const traits = this.#context.traits;
    this.#store.read(traits.get('shapes') ?? [], traits.get('selected_shapes') ?? []);
    this.#show();
  }

  #readContours(): void {
    const sets = this.#context.traits.get('contour_sets') ?? [];
    this.#contours.set(sets);
    this.#contours.element.hidden &&= !sets.length;
  }

  #show(): void {
    const { shapes, selected, chosen } = this.#store;
    this.#overlay.set(shapes, selected);
    this.#measure.set(chosen, selected);
    this.#tools.setPossible({
      any: shapes.length > 0,
      chosen: selected.length > 0,
      undo: this.#store.undoable,
      redo: this.#store.redoable,
      sky: this.#sky
    });
  }

  #say(...sentences: string[]): void {
    this.#said.textContent = sentences.join(' ');
  }

  // --- what hands and keys do -------------------------------------------------------------------

  #take(tool: Tool): void {
    this.#hands.drop();
    this.#hands.tool = tool;
    this.#tools.setTool(tool);
  }

  /** A click beside all regions selects none; a drag moves the view. */
  #letGoOnClick({ clientX, clientY, pointerId }: PointerEvent): void {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#context.signal]);
    const end = (event: PointerEvent) => {
      if (event.pointerId === pointerId) {
        over.abort();
        const far = Math.hypot(event.clientX - clientX, event.clientY - clientY);
        if (event.type === 'pointerup' && far < 4) {
          this.#store.select([]);
        }
      }
    };
    window.addEventListener('pointerup', end, { signal });
    window.addEventListener('pointercancel', end, { signal });
  }

  #onPlain(event: KeyboardEvent): boolean {
    const arrow = ARROWS[event.key];
    if (arrow && this.#store.selected.length) {
      const step = event.shiftKey ? STRIDE : STEP;
      this.#nudge(step * arrow[0], step * arrow[1]);
      return true;
    }
    switch (event.key) {
      case 'Escape':
        return this.#escape();
      case 'Enter':
        if (this.#hands.drawing) {
          this.#hands.close(event.shiftKey);
          return true;
        }
        return false;
      case 'Delete':
      case 'Backspace':
        if (this.#hands.drawing) {
          this.#hands.back();
          return true;
        }
        return this.#did(this.#store.selected.length > 0, 'delete');
    }
    const tool = (Object.keys(KEYS) as Tool[]).find(name => KEYS[name] === event.key);
    if (tool) {
      this.#take(tool);
    }
    return !!tool;
  }

  #onCommand(event: KeyboardEvent): boolean {
    const { undoable, redoable, shapes, selected } = this.#store;
    const some = selected.length > 0;
    switch (event.key.toLowerCase()) {
      case 'z':
        // Taken when there is nothing to undo, too: it would change the notebook's cells.
        return event.shiftKey
          ? this.#did(redoable, 'redo', true)
          : this.#did(undoable, 'undo', true);
      case 'y':
        return this.#did(redoable, 'redo', true);
      case 'a':
        return this.#did(shapes.length > 0, 'all');
      case 'd':
        return this.#did(some, 'duplicate');
      case 'g':
        return this.#did(some, event.shiftKey ? 'ungroup' : 'group');
      case 'c':
        copied = some ? this.#store.chosen : copied;
        return some;
      case 'v':
        if (copied.length) {
          this.#beside(copied);
        }
        return copied.length > 0;
      default:
        return false;
    }
  }

  #did(possible: boolean, action: Action, always = false): boolean {
    if (possible) {
      this.#act(action);
    }
    return possible || always;
  }

  #escape(): boolean {
    const { drawing, tool } = this.#hands;
    if (drawing) {
      this.#hands.drop();
    } else if (tool !== 'pointer') {
      this.#take('pointer');
    } else if (this.#store.selected.length) {
      this.#store.select([]);
    } else {
      return false;
    }
    return true;
  }

  /** A double click closes a polygon, and belongs to what a hand did just before. */
  #onDouble(event: MouseEvent): boolean {
    const mine = this.#hands.drawing || performance.now() - this.#ended < 400;
    if (this.#hands.drawing) {
      this.#hands.close(event.shiftKey);
    }
    return mine;
  }

  #nudge(dx: number, dy: number): void {
    this.#store.change(shape => moved(shape, dx, dy));
  }

  #beside(shapes: readonly Shape[]): void {
    const far = BESIDE / (this.#view?.zoom ?? 1);
    this.#store.duplicate(shapes, far, -far);
  }

  #look(change: { text?: string; color?: string }): void {
    this.#color = change.color ?? this.#color;
    this.#store.change(shape => {
      const { text, color, ...rest } = { ...shape, ...change };
      return { ...rest, ...(text ? { text } : {}), ...(color ? { color } : {}) } as Shape;
    });
  }

  #act(action: Action): void {
    const store = this.#store;
    this.#say();
    switch (action) {
      case 'all':
        return store.select(store.shapes.keys());
      case 'group':
        return store.group();
      case 'ungroup':
        return store.ungroup();
      case 'duplicate':
        return this.#beside(store.chosen);
      case 'delete':
        return store.remove();
      case 'undo':
        return store.undo();
      case 'redo':
        return store.redo();
      case 'contours':
        this.#contours.element.hidden = !this.#contours.element.hidden;
        this.#contours.element.querySelector('input')?.focus({ preventScroll: true });
        return;
      case 'import':
        return;
      default:
        void this.#work(asked => exportRegions(asked, action, this.#context.signal));
    }
  }

  // --- files ------------------------------------------------------------------------------------

  async #import(file: File): Promise<void> {
    await this.#work(async requester => {
      const { shapes, said } = await importRegions(requester, file, this.#context.signal);
      if (shapes.length) {
        this.#store.add(shapes);
      }
      this.#say(...said);
    });
  }

  async #work(work: (requester: Requester<FitsRequests>) => Promise<void>): Promise<void> {
    if (!this.#requester) {
      return;
    }
    this.#open++;
    this.#context.changed();
    try {
      await work(this.#requester);
    } catch (error) {
      if (!isAbort(error)) {
        this.#context.fail(error);
      }
    } finally {
      this.#open--;
      this.#context.changed();
    }
  }
}
