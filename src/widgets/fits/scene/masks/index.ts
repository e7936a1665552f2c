/** Layers of classes over scenes: their classification, clouds and masks, and the hand that paints masks. */
import { dayOf } from '../../../../core/dates';
import type { Point, Size } from '../../../../core/geometry';
import type { DescribeMeta, View } from '../../../../core/protocol';
import { button, make } from '../../../common/dom';
import { isPlain } from '../../../common/keys';
import type { Traits } from '../../../common/traits';
import type { Grip, Part } from '../../part';
import { catchEvents } from '../../regions/catching';
import type { SecondOnShow } from '../dates/second';
import type { SceneContext, SceneRequester, SceneTraits } from '../traits';
import { Editor } from './editor';
import type { LayerFacts, LayerLooks, MaskTraits } from './facts';
import { LayerWindow } from './layers';
import { inksOf } from './painting';
import { Panel } from './panel';
import { Sheet, type Painted } from './sheet';
import './style.css';

/** What a key makes the brush larger by. */
const GROWTH = 1.25;
/** Windows that are kept, the least recently painted given up first: play comes back to the same dates. */
const MOST_WINDOWS = 32;
const NAMES = [
  'overlays',
  'masks_panel',
  'masks_visible',
  'mask_editing',
  'mask_tool',
  'brush_size',
  'brush_value'
] as const;

/** Which dates are on show: each has its own classification and clouds. */
export interface DatesOnShow {
  /** Number of that of the first picture. */
  readonly shown: number;
  readonly second: SecondOnShow | null;
}

export class MasksPart implements Part {
  readonly overlay: HTMLElement;
  readonly panel: HTMLElement;
  readonly tools: HTMLElement;
  readonly help = [
    ['m', 'show or hide all masks and classes'],
    ['b, p, x while painting', 'brush, polygon, erase (Alt: erase for a stroke)'],
    ['[ ] while painting', 'a smaller or larger brush'],
    ['Enter, Escape while painting', 'close the polygon; give it up, or end painting'],
    ['Shift drag while painting', 'move the picture']
  ] as const;
  /** Takes the hand before all other parts, while it paints. */
  readonly hand: Part = { grip: (at, event) => this.#grip(at, event) };
  /** Takes keys before all other parts, while the hand paints. */
  readonly keys: Part = {
    key: event => !!this.#editing && isPlain(event) && this.#onPaintingKey(event.key)
  };
  readonly #context: SceneContext;
  readonly #traits: Traits<SceneTraits>;
  readonly #dates: DatesOnShow;
  readonly #sheet = new Sheet();
  /** Over the second picture. */
  readonly #other = new Sheet();
  readonly #editor: Editor;
  readonly #panel: Panel;
  readonly #open: HTMLButtonElement;
  readonly #windows = new Map<string, LayerWindow>();
  #requester: SceneRequester | null = null;
  /** Class that is painted when it is not erased. */
  #value = 1;

  constructor(context: SceneContext, dates: DatesOnShow) {
    this.#context = context;
    this.#dates = dates;
    this.#traits = context.traits;
    this.#editor = this.#makeEditor();
    this.#panel = this.#makePanel();
    this.panel = this.#panel.element;
    this.overlay = make(
      'div',
      { class: 'astrodata-masks-over' },
      this.#sheet.canvas,
      this.#editor.element
    );
    this.#open = button(
      'Masks',
      'Masks',
      'Classification, clouds and masks over the picture (m shows or hides all)',
      () => this.#write({ masks_panel: !this.#traits.get('masks_panel') })
    );
    this.tools = make('div', { class: 'astrodata-buttons astrodata-masks-button' }, this.#open);
    this.#traits.follow(NAMES, () => this.#show());
    this.#traits.watch(['compare'], () => this.#show());
    catchEvents(
      this.overlay,
      {
        key: event => this.#onCommand(event),
        double: () => {
          const editing = !!this.#editing;
          if (editing && this.#editor.drawing) {
            this.#editor.close();
          }
          return editing; // two quick dabs are no wish to come closer
        }
      },
      context.signal
    );
    this.#show();
  }

  get busy(): boolean {
    return this.#editor.busy || [...this.#windows.values()].some(one => one.busy);
  }

  connect(requester: SceneRequester): void {
    this.#requester = requester;
    this.#editor.connect(this.#requester);
    this.#windows.forEach(one => one.connect(this.#requester));
    this.#context.dirty();
  }

  setImage(facts: DescribeMeta | null): void {
    this.overlay.hidden = !facts;
    this.#context.dirty();
  }

  frame(view: View, image: Size, screen: Size): void {
    const density = window.devicePixelRatio || 1;
    const { shown, second } = this.#dates;
    const painted = (date: number) => this.#painted(date, view, image, screen, density);
    this.#sheet.draw(painted(shown), view, screen, density);
    const { style } = this.#sheet.canvas;
    style.clipPath =
      second && second.from !== null ? `inset(0 ${100 * (1 - second.from)}% 0 0)` : '';
    if (second) {
      if (this.#other.canvas.parentElement !== second.element) {
        second.element.append(this.#other.canvas);
      }
      this.#other.draw(painted(second.date), view, second.screen, density);
    }
    this.#editor.frame(view, screen);
  }

  hover(at: Point | null, event: PointerEvent | null): void {
    this.#editor.hover(at, event);
  }

  key(event: KeyboardEvent): boolean {
    const mine = isPlain(event) && event.key === 'm';
    if (mine) {
      this.#toggle();
    }
    return mine;
  }

  dispose(): void {
    this.#windows.forEach(one => one.dispose());
  }

  // --- what is known ----------------------------------------------------------------------------

  get #layers(): readonly LayerFacts[] {
    return this.#traits.get('overlays');
  }

  get #editing(): string {
    return this.#traits.get('mask_editing');
  }

  /** Gives what is painted over the picture of a date, and has fetched what is missing. */
  #painted(date: number, view: View, image: Size, screen: Size, density: number): Painted[] {
    const layers = this.#traits.get('masks_visible') ? this.#layers : [];
    return layers.flatMap(facts => {
      if (!facts.visible) {
        return [];
      }
      const mask = facts.kind === 'mask';
      const kept = this.#windowOf(facts.name, mask ? null : date);
      // What a scene has of its own stays as it is.
      kept.show(mask ? facts : { ...facts, version: 0 }, view, image, screen, density);
      const inks = inksOf(facts.classes, facts.opacity, {
        filled: !facts.outline_only,
        outlined: mask || facts.outline_only
      });
      return kept.window ? [{ window: kept.window, inks }] : [];
    });
  }

  /** @param date - null for a mask, which all dates have. */
  #windowOf(name: string, date: number | null = null): LayerWindow {
    const key = JSON.stringify([name, date]);
    const known = this.#windows.get(key);
    if (known) {
      this.#windows.delete(key);
      this.#windows.set(key, known);
      return known;
    }
    const hooks = {
      came: () => this.#context.dirty(),
      changed: () => this.#context.changed(),
      failed: (error: unknown) => this.#context.fail(error)
    };
    const made = new LayerWindow(hooks, date);
    made.connect(this.#requester);
    this.#windows.set(key, made);
    for (const [oldest, window] of [...this.#windows].slice(0, -MOST_WINDOWS)) {
      window.dispose();
      this.#windows.delete(oldest);
    }
    return made;
  }

  #show(): void {
    const open = this.#traits.get('masks_panel');
    this.panel.hidden = !open;
    this.#open.setAttribute('aria-pressed', String(open));
    for (const [key, kept] of this.#windows) {
      const [name] = JSON.parse(key) as [string, number | null];
      if (!this.#layers.some(one => one.name === name)) {
        kept.dispose();
        this.#windows.delete(key);
      }
    }
    const value = this.#traits.get('brush_value');
    this.#value = value || this.#value;
    if (!this.#editing) {
      this.#editor.drop();
    }
    const hand = {
      name: this.#editing,
      tool: this.#traits.get('mask_tool'),
      size: this.#traits.get('brush_size'),
      value
    };
    // Another date may have other classes.
    const date = this.#traits.get('dates')[this.#traits.get('date')];
    const day = this.#traits.get('compare') && date ? dayOf(date) : '';
    this.#panel.show(this.#layers, hand, this.#traits.get('masks_visible'), day);
    this.#editor.place();
    this.#context.dirty();
  }

  #write(values: Partial<MaskTraits>): void {
    this.#traits.write(values);
    this.#show();
  }

  // --- what hands and keys do -------------------------------------------------------------------

  #grip(at: Point, event: PointerEvent): Grip | null {
    return this.#editing ? this.#editor.grip(at, event) : null;
  }

  /** Shows all layers, or none. */
  #toggle(): void {
    this.#write({ masks_visible: !this.#traits.get('masks_visible') });
  }

  #onPaintingKey(key: string): boolean {
    const size = this.#traits.get('brush_size');
    const actions: Record<string, () => void> = {
      '[': () => this.#write({ brush_size: Math.max(1, size / GROWTH) }),
      ']': () => this.#write({ brush_size: Math.min(2000, size * GROWTH) }),
      b: () => this.#write({ mask_tool: 'brush' }),
      p: () => this.#write({ mask_tool: 'polygon' }),
      x: () => this.#erase(),
      Enter: () => this.#editor.close(),
      Backspace: () => this.#editor.back(),
      Escape: () => (this.#editor.drawing ? this.#editor.drop() : this.#done())
    };
    if (!Object.hasOwn(actions, key)) {
      return false;
    }
    actions[key]();
    return true;
  }

  #onCommand(event: KeyboardEvent): boolean {
    const key = event.key.toLowerCase();
    if (!this.#editing || event.altKey || (key !== 'z' && key !== 'y')) {
      return false;
    }
    this.#turn(key === 'z' && !event.shiftKey);
    return true;
  }

  #turn(back: boolean): void {
    if (back && this.#editor.drawing) {
      this.#editor.back();
    } else if (this.#editing) {
      void this.#editor.tell('mask_turn', { name: this.#editing, back });
    }
  }

  #erase(): void {
    this.#write({ brush_value: this.#traits.get('brush_value') ? 0 : this.#value });
  }

  #done(): void {
    this.#editor.drop();
    this.#write({ mask_editing: '' });
  }

  #set(name: string, values: LayerLooks): void {
    void this.#editor.tell('overlay_set', { name, values });
  }

  #makeEditor(): Editor {
    return new Editor({
      name: () => this.#editing,
      tool: () => this.#traits.get('mask_tool'),
      size: () => this.#traits.get('brush_size'),
      value: () => this.#traits.get('brush_value'),
      preview: pending => {
        this.#windowOf(this.#editing).add(pending);
        this.#context.dirty();
      },
      more: paint => {
        this.#windowOf(this.#editing).paint(paint);
        this.#context.dirty();
      },
      refused: (pending, error) => {
        this.#windows.forEach(one => one.drop(pending));
        this.#context.fail(error);
        this.#context.dirty();
      },
      failed: error => this.#context.fail(error),
      changed: () => this.#context.changed(),
      goto: place => this.#context.goto(place),
      dirty: () => this.#context.dirty()
    });
  }

  #makePanel(): Panel {
    const back = (act: () => void) => () => {
      act();
      this.#context.focus();
    };
    return new Panel({
      set: (name, looks) => this.#set(name, looks),
      edit: name => {
        this.#write({ mask_editing: this.#editing === name ? '' : name, masks_visible: true });
        if (this.#editing) {
          this.#set(name, { visible: true });
        }
        this.#context.focus();
      },
      save: (name, path, overwrite) =>
        void this.#editor.tell('mask_save', { name, path, overwrite }, meta =>
          this.#panel.saved(name, meta.path, meta.there)
        ),
      remove: name => void this.#editor.tell('mask_remove', { name }),
      create: (name, grades) => {
        void this.#editor.tell('mask_new', { name, grades });
        this.#context.focus();
      },
      add: path => void this.#editor.tell('mask_add', { path }),
      all: () => this.#toggle(),
      close: back(() => this.#write({ masks_panel: false })),
      use: values => {
        this.#write(values);
        this.#context.focus();
      },
      erase: back(() => this.#erase()),
      undo: back(() => this.#turn(true)),
      redo: back(() => this.#turn(false)),
      holes: back(() => void this.#editor.tell('mask_holes', { name: this.#editing })),
      done: back(() => this.#done())
    });
  }
}
