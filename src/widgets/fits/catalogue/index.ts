/** Catalogues over the image: points, their legend, what the pointer meets, and the rows below. */
import type { CatalogueRequests, LayerFacts, Looks, SelectOp } from '../../../core/catalogue';
import { imageToScreen, type Point, type Size } from '../../../core/geometry';
import type { DescribeMeta, FitsTraits, View, Where } from '../../../core/protocol';
import { isAbort, type Requester } from '../../../core/request';
import { button, Later, make } from '../../common/dom';
import type { Traits } from '../../common/traits';
import type { Grip, Part, PartContext } from '../part';
import { Card } from './card';
import type { Cone } from './forms';
import { Hand, type Found } from './hand';
import { placeOf, type Edges } from './layer';
import { Layers } from './layers';
import { Legend } from './legend';
import { Panel } from './panel';
import { Points } from './points';
import './style.css';

type Asking = Requester<CatalogueRequests>;

/** As near as one goes to a row, if one is farther away; in screen pixels per image pixel. */
const NEAR = 2;

export class CataloguePart implements Part {
  readonly overlay: HTMLElement;
  readonly panel: HTMLElement;
  readonly tools: HTMLElement;
  readonly help = [
    ['t', 'catalogues and their rows'],
    ['Shift drag', 'select rows in a box (Ctrl: add, Alt: take away), where there are no regions'],
    ['s', 'a drag selects rows, with regions and without Shift too'],
    ['a, Escape', 'select all rows in view, or none'],
    ['in the rows: arrows, Space, Enter', 'walk, select, look at the row']
  ] as const;
  readonly #context: PartContext;
  readonly #traits: Traits<FitsTraits>;
  readonly #points: Points;
  readonly #layers: Layers;
  readonly #legend: Legend;
  readonly #card = new Card();
  readonly #hand: Hand;
  readonly #panel: Panel;
  readonly #here = make('div', { class: 'astrodata-catalogue-here', hidden: true });
  readonly #rest = new Later(70);
  readonly #open: HTMLButtonElement;
  readonly #boxes: HTMLButtonElement;
  #requester: Asking | null = null;
  #hovering = new AbortController();
  #image: DescribeMeta | null = null;
  #hdu: number | null = null;
  #seen: { readonly view: View; readonly image: Size; readonly screen: Size } | null = null;
  #pointer: Point | null = null;
  /** The row that keys are about. */
  #active: { readonly ident: number; readonly row: number } | null = null;
  #boxing = false;
  #working = 0;

  constructor(context: PartContext) {
    this.#context = context;
    this.#traits = context.traits;
    this.#points = new Points(() => context.dirty());
    this.#layers = new Layers(
      {
        came: () => this.#show(),
        changed: () => context.changed(),
        failed: (error, retry) => context.fail(error, retry)
      },
      context.signal
    );
    this.#legend = new Legend((name, visible) => void this.#set(name, { visible }));
    this.#hand = new Hand(
      {
        layers: () => this.#layers.visible,
        clicked: (found, op) => void this.#click(found, op),
        boxed: (box, op) => void this.#box(box, op),
        changed: () => context.dirty()
      },
      context.signal
    );
    this.overlay = make(
      'div',
      { class: 'astrodata-catalogue-over' },
      this.#points.canvas,
      this.#hand.element,
      this.#here,
      this.#legend.element,
      this.#card.element
    );
    this.#panel = this.#makePanel();
    this.panel = this.#panel.element;
    this.#open = toggle('Catalogues', 'Tables over the image, and their rows (t)', () =>
      this.#toggle()
    );
    this.#boxes = toggle(
      'Select rows',
      'A drag selects rows (s); Shift drag does at any time',
      () => this.#setBoxing(!this.#boxing)
    );
    this.tools = make(
      'div',
      { class: 'astrodata-buttons', role: 'group', 'aria-label': 'Catalogues' },
      this.#open,
      this.#boxes
    );
    const names = ['catalogue_layers', 'catalogue_table', 'catalogue_panel'] as const;
    this.#traits.follow(names, () => this.#follow());
  }

  get busy(): boolean {
    return this.#layers.busy || this.#working > 0;
  }

  connect(requester: Requester): void {
    this.#requester = requester as Asking;
    this.#layers.connect(this.#requester);
    this.#show();
  }

  setImage(facts: DescribeMeta | null, where: Where | null): void {
    this.#image = facts;
    this.#hdu = where?.hdu ?? null;
    this.overlay.hidden = !facts;
    this.#follow();
  }

  frame(view: View, image: Size, screen: Size): void {
    this.#seen = { view, image, screen };
    this.#points.draw(this.#layers.visible, view, image, screen);
    this.#hand.frame(view, screen);
    const place = this.#activePlace();
    this.#here.hidden = !place;
    if (place) {
      const { x, y } = imageToScreen(view, screen, place);
      this.#here.style.transform = `translate(${x}px, ${y}px)`;
    }
  }

  hover(at: Point | null, event: PointerEvent | null): void {
    this.#pointer = at ?? this.#pointer;
    const found = at && !event?.buttons ? this.#hand.under(at) : null;
    this.#hovering.abort();
    this.#rest.cancel();
    if (!found) {
      this.#card.hide();
      return;
    }
    this.#hovering = new AbortController();
    const { signal } = this.#hovering;
    this.#rest.run(() => void this.#tell(found, signal));
  }

  grip(at: Point, event: PointerEvent): Grip | null {
    this.#card.hide();
    // With Shift, regions are selected by a box of their own where there are some.
    const boxing = this.#boxing || (event.shiftKey && !this.#traits.get('shapes')?.length);
    return this.#hand.grip(at, event, boxing);
  }

  key(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return false;
    }
    const some = this.#facts().length > 0;
    const selected = this.#facts().some(facts => facts.selected > 0);
    if (event.key === 't') {
      this.#toggle();
    } else if (event.key === 's' && some) {
      this.#setBoxing(!this.#boxing);
    } else if (event.key === 'a' && some) {
      void this.#selectSeen();
    } else if (event.key === 'Escape' && (selected || this.#boxing)) {
      this.#setBoxing(false);
      void this.#ask(requester => requester.request('catalogue_select', { rows: [] }));
    } else {
      return false;
    }
    return true;
  }

  dispose(): void {
    this.#rest.cancel();
    this.#hovering.abort();
    this.#points.dispose();
  }

  // --- what is known ----------------------------------------------------------------------------

  #facts(): readonly LayerFacts[] {
    return this.#traits.get('catalogue_layers') ?? [];
  }

  #listed(): LayerFacts | null {
    return this.#panel.facts;
  }

  #follow(): void {
    this.#layers.set(this.#facts(), this.#hdu);
    this.#show();
  }

  #show(): void {
    const facts = this.#facts();
    const open = this.#traits.get('catalogue_panel') ?? false;
    this.panel.hidden = !open;
    this.#open.setAttribute('aria-pressed', String(open));
    this.#boxes.hidden = !facts.length;
    if (!facts.length) {
      this.#setBoxing(false);
      this.#active = null;
    }
    if (open) {
      const name = this.#traits.get('catalogue_table') ?? '';
      const listed = this.#layers.byName(name || facts[0]?.name);
      this.#panel.show(facts, name, listed?.flags ?? null);
    }
    this.#legend.show(this.#image ? facts : [], this.#layers.all);
    this.#context.dirty();
  }

  #activePlace(): Point | null {
    const { ident, row } = this.#active ?? {};
    const layer = this.#layers.visible.find(({ facts }) => facts.ident === ident);
    return layer && row !== undefined && row >= 0 ? placeOf(layer, row) : null;
  }

  #setActive(facts: LayerFacts | null, row: number): void {
    this.#active = facts && row >= 0 ? { ident: facts.ident, row } : null;
    this.#context.dirty();
  }

  // --- what a person does -----------------------------------------------------------------------

  #makePanel(): Panel {
    const listed = (act: (name: string) => void) => {
      const facts = this.#listed();
      if (facts) {
        act(facts.name);
      }
    };
    return new Panel({
      ask: async (start, stop) => {
        const msg = { name: this.#listed()?.name ?? '', start, stop };
        const { signal } = this.#context;
        return (await this.#requester!.request('catalogue_rows', msg, signal)).meta;
      },
      failed: error => this.#fail(error),
      sort: sort => listed(name => void this.#set(name, { sort })),
      select: (first, last, toggles) =>
        listed(name => {
          const op = toggles ? 'toggle' : 'replace';
          void this.#ask(requester =>
            requester.request('catalogue_select', { name, op, span: [first, last] })
          );
        }),
      all: () =>
        listed(name => void this.#ask(asked => asked.request('catalogue_select', { name }))),
      none: () =>
        listed(
          name => void this.#ask(asked => asked.request('catalogue_select', { name, rows: [] }))
        ),
      go: row => this.#go(row),
      active: row => this.#setActive(this.#listed(), row),
      leave: () => this.#context.focus(),
      picked: name => {
        this.#traits.write({ catalogue_table: name });
        this.#show();
      },
      set: looks => listed(name => void this.#set(name, looks)),
      seen: () => void this.#selectSeen(),
      cone: cone => listed(name => void this.#cone(name, cone)),
      add: path => void this.#ask(requester => requester.request('catalogue_add', { path })),
      remove: () =>
        listed(name => void this.#ask(asked => asked.request('catalogue_remove', { name }))),
      close: () => this.#toggle()
    });
  }

  #toggle(): void {
    const open = !this.#traits.get('catalogue_panel');
    this.#traits.write({ catalogue_panel: open });
    this.#show();
    if (!open) {
      this.#context.focus();
    }
  }

  #setBoxing(on: boolean): void {
    this.#boxing = on;
    this.#boxes.setAttribute('aria-pressed', String(on));
  }

  async #set(name: string, values: Looks): Promise<void> {
    const good = await this.#ask(asked => asked.request('catalogue_set', { name, values }));
    if ('where' in values) {
      this.#panel.setWrong(!good);
    }
  }

  async #click({ layer, row }: Found, op: SelectOp): Promise<void> {
    const { name } = layer.facts;
    this.#setActive(layer.facts, row);
    await this.#ask(asked => asked.request('catalogue_select', { name, rows: [row], op }));
    if (this.#traits.get('catalogue_panel')) {
      this.#traits.write({ catalogue_table: name });
      this.#show();
      await this.#ask(async asked => {
        const { meta } = await asked.request('catalogue_find', { name, row });
        this.#panel.grid.reveal(meta.at);
      });
    }
  }

  async #box({ left, bottom, right, top }: Edges, op: SelectOp): Promise<void> {
    const box = [left, bottom, right, top] as const;
    const hdu = this.#hdu ?? 0;
    await this.#ask(asked => asked.request('catalogue_select', { box, op, hdu }));
  }

  async #selectSeen(): Promise<void> {
    if (this.#seen) {
      const { view, screen } = this.#seen;
      const [across, up] = [screen.width / 2 / view.zoom, screen.height / 2 / view.zoom];
      const { x, y } = view;
      await this.#box(
        { left: x - across, right: x + across, bottom: y - up, top: y + up },
        'replace'
      );
    }
  }

  async #cone(name: string, cone: Cone): Promise<void> {
    const { x, y } = this.#pointer ?? this.#seen?.view ?? { x: 0, y: 0 };
    await this.#ask(asked => asked.request('catalogue_cone', { name, ...cone, x, y }));
  }

  #go(row: number): void {
    const facts = this.#listed();
    const layer = facts && this.#layers.byName(facts.name);
    const place = layer && placeOf(layer, row);
    if (place) {
      this.#setActive(facts, row);
      this.#context.goto(place, Math.max(NEAR, this.#seen?.view.zoom ?? 0));
    } else if (layer) {
      this.#context.fail(`Row ${row} of ${layer.facts.name} has no place on this image.`);
    }
  }

  async #tell({ layer, row }: Found, signal: AbortSignal): Promise<void> {
    const { name } = layer.facts;
    const place = placeOf(layer, row);
    try {
      const { meta } = await this.#requester!.request('catalogue_row', { name, row }, signal);
      if (!signal.aborted && this.#seen && place) {
        const { view, screen } = this.#seen;
        this.#card.show(meta, imageToScreen(view, screen, place), screen);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @returns Whether it went well. */
  async #ask(what: (requester: Asking) => Promise<unknown>): Promise<boolean> {
    if (!this.#requester) {
      return false;
    }
    this.#working++;
    this.#context.changed();
    try {
      await what(this.#requester);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    } finally {
      this.#working--;
      this.#context.changed();
    }
  }

  #fail(error: unknown): void {
    if (!isAbort(error)) {
      this.#context.fail(error);
    }
  }
}

function toggle(text: string, title: string, pressed: () => void): HTMLButtonElement {
  const made = button(text, text, title, pressed);
  made.setAttribute('aria-pressed', 'false');
  return made;
}
