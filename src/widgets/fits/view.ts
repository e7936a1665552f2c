/** One view of a FitsViewer: joins the controls, the picture, the traits and the kernel. */
import {
  clampView,
  fitView,
  panned,
  screenToImage,
  snapped,
  visibleBox,
  zoomAbout,
  type Point,
  type Size
} from '../../core/geometry';
import type { DescribeMeta, FitsTraits, Limits, View, Where } from '../../core/protocol';
import { isAbort, type Channel, type Requester } from '../../core/request';
import { Colorbar } from './colorbar';
import { AheadRequester } from './cube/ahead';
import { detachButton } from '../common/detach';
import { Later, make } from '../common/dom';
import { ErrorStrip } from '../common/errors';
import { keepKeys } from '../common/keys';
import { Notes } from '../common/notes';
import { HELP, listen, type GestureHooks, type Key } from './gestures';
import { Graticule } from './graticule';
import { greet } from '../common/greeting';
import { Help } from '../common/help';
import { Bands } from './bands';
import { PaintedPlane } from './painted';
import type { PartContext } from './part';
import { Parts, type OwnParts } from './parts';
import { Readout } from './readout';
import type { Frame } from './renderer';
import { save, type Wish } from './saving';
import type { Range } from './scene';
import { hasScene } from './scene/traits';
import { Shading } from './shading';
import { Stage } from './stage';
import { Toolbar } from './toolbar';
import { followTheme } from '../common/theme';
import { Traits, type TraitModel } from '../common/traits';

const DEBOUNCE = 200;

/** What stands beside other views wants to know of each. */
export interface Neighbour {
  /** Keys of whoever moves the views, for the list of them. */
  readonly help: readonly (readonly [string, string])[];
  /** A person or Python looks elsewhere; null fits the image. */
  moved(view: View | null): void;
  /** Where the pointer is in CSS pixels of the picture, null once it left. */
  hovered(point: Point | null): void;
}

/** Draws into `el` until `signal` ends it; several views of one model live side by side. */
export class FitsView {
  readonly #root: HTMLElement;
  readonly #signal: AbortSignal;
  readonly #traits: Traits<FitsTraits>;
  readonly #toolbar: Toolbar;
  readonly #errors = new ErrorStrip();
  readonly #stage: Stage;
  readonly #readout: Readout;
  readonly #colorbar = new Colorbar();
  readonly #graticule: Graticule;
  readonly #help = new Help();
  readonly #shading: Shading;
  readonly #notes = new Notes();
  readonly #parts: Parts;
  readonly #neighbour: Neighbour | null;
  readonly #cross = make('div', { class: 'astrodata-fits-cross', hidden: true });
  readonly #saveView = new Later(DEBOUNCE);
  readonly #savePlane = new Later(DEBOUNCE);
  #requester: AheadRequester | null = null;
  #scene: PaintedPlane | null = null;
  #bands: Bands | null = null;
  #facts: DescribeMeta | null = null;
  /** null fits the image. */
  #view: View | null;
  /** What a person wished to see of an image that is not on show yet. */
  #wishes: (() => void)[] = [];
  #pointer: Point | null = null;
  #pickedHdu = false;
  /** Until the kernel has answered the greeting, or the viewer gave up. */
  #starting = true;
  #saving = false;
  #built = false;
  /** That one wants to see; the trait follows once it stays. */
  #plane = 0;

  /**
   * @param rebuild - Begins anew, for when the browser took the graphics memory away for good.
   * @param neighbour - Whoever moves other views along.
   * @param own - Gives the parts of a scene, which an image of the sky has none of.
   */
  constructor(
    model: TraitModel<FitsTraits>,
    el: HTMLElement,
    signal: AbortSignal,
    rebuild: () => void,
    neighbour: Neighbour | null = null,
    own: (context: PartContext) => OwnParts | null = () => null
  ) {
    this.#signal = signal;
    this.#neighbour = neighbour;
    this.#traits = new Traits(model, signal);
    this.#view = this.#viewTrait();
    const context: PartContext = {
      traits: this.#traits,
      signal,
      // A part may follow traits from its first moment on, before there is a picture.
      dirty: () => this.#built && this.#stage.dirty(),
      changed: () => this.#built && this.#showBusy(),
      fail: (error, retry) => this.fail(error, retry),
      goto: (place, zoom) => this.#goto(place, zoom),
      sharpen: reduced => {
        this.#requester?.forget();
        this.#scene?.sharpen(reduced);
        this.#bands?.sharpen(reduced);
        this.#stage.dirty();
      },
      read: (hdu, said) => this.#built && this.#readout.readOf(hdu, said),
      show: (where, tell) => this.#showOther(where, tell),
      hands: (canvas, ended) => listen(canvas, this.#hands(), ended),
      focus: () => this.#stage.canvas.focus({ preventScroll: true })
    };
    this.#parts = new Parts(context, own(context));
    this.#toolbar = this.#makeToolbar();
    // What stands beside others leaves its output with all of them.
    const detach = neighbour ? [] : [detachButton()];
    this.#toolbar.element.append(...this.#parts.tools, ...detach);
    this.#toolbar.setScene(hasScene(this.#traits));
    this.#readout = new Readout(error => this.fail(error));
    this.#graticule = new Graticule({
      came: () => this.#stage.dirty(),
      failed: error => this.fail(error)
    });
    this.#shading = new Shading(
      this.#traits,
      {
        changed: () => this.#showColours(),
        dragged: (range, done) => this.#dragLimits(range, done),
        failed: error => this.fail(error)
      },
      signal
    );
    this.#stage = new Stage(
      {
        frame: () => this.#frame(),
        restored: () => this.#restore(),
        rebuild,
        painted: () => this.#showBusy()
      },
      signal,
      this.#graticule.element,
      ...this.#parts.overlays,
      this.#cross,
      this.#help.element
    );
    this.#root = make(
      'div',
      { class: 'astrodata-widget astrodata-fits', 'aria-busy': 'true' },
      this.#toolbar.element,
      this.#errors.element,
      make('div', { class: 'astrodata-fits-pictures' }, this.#stage.element, ...this.#parts.beside),
      this.#shading.panel.element,
      make(
        'div',
        { class: 'astrodata-fits-footer' },
        this.#readout.element,
        this.#colorbar.element
      ),
      ...this.#parts.panels,
      this.#notes.element
    );
    el.append(this.#root);
    this.#built = true;
    keepKeys(this.#root);
    this.#help.element.addEventListener('keydown', event => {
      if (event.key === 'Escape' || event.key === '?') {
        event.stopPropagation();
        this.#toggleHelp();
      }
    });
    followTheme(() => {
      this.#shading.panel.redraw();
      this.#parts.redraw();
    }, signal);
    listen(this.#stage.canvas, this.#hands(), signal);
    this.#follow();
    this.#showSettings();
    signal.addEventListener('abort', () => this.#dispose());
  }

  /** Greets the kernel on the data channel and shows the image. */
  connect(channel: Channel): void {
    const requester = (this.#requester = new AheadRequester(channel));
    const renderer = () => this.#stage.renderer;
    const hooks = {
      dirty: () => this.#stage.dirty(),
      changed: () => this.#showBusy(),
      failed: (error: unknown, retry?: () => void) =>
        this.fail(error, retry ?? (() => this.#show()))
    };
    this.#scene = new PaintedPlane(requester, renderer, {
      ...hooks,
      described: (facts, where) => this.#describe(facts, where),
      shown: () => this.#appear(),
      ranged: () => this.#showRange()
    });
    this.#bands = new Bands(requester, renderer, hooks);
    this.#readout.connect(requester);
    this.#graticule.connect(requester);
    this.#shading.connect(requester);
    this.#parts.connect(requester);
    void this.#greet(requester);
  }

  /** The controls above the picture. */
  get controls(): HTMLElement {
    return this.#toolbar.element;
  }

  /** Looks elsewhere, without telling the neighbours; null fits the image. */
  look(view: View | null): void {
    this.#view = view;
    this.#stage.dirty();
    this.#saveView.run(() => this.#traits.write({ view }));
  }

  /** Tells Python at once where one looks. */
  settle(): void {
    this.#saveView.cancel();
    this.#traits.write({ view: this.#view });
  }

  /** Reads what lies where the pointer of a neighbour is, and marks it. */
  mirror(point: Point | null): void {
    this.#pointer = point;
    this.#cross.hidden = !point;
    if (point) {
      Object.assign(this.#cross.style, { left: `${point.x}px`, top: `${point.y}px` });
    }
    this.#showPointer();
  }

  /** Tells what went wrong, and offers a remedy. */
  fail(error: unknown, retry?: () => void): void {
    this.#starting = false;
    this.#wishes = []; // they were about what does not come
    this.#errors.show(error, retry);
    this.#showBusy();
  }

  #greet(requester: Requester): Promise<void> {
    return greet(requester, this.#signal, {
      starting: () => (this.#starting = true),
      ask: async () => undefined, // what is shown depends on the HDU
      begin: () => {
        this.#starting = false;
        this.#show();
      },
      failed: (error, retry) => this.fail(error, retry)
    });
  }

  // --- what the kernel says ---------------------------------------------------------------------

  #show(plane = this.#traits.get('plane')): void {
    this.#plane = plane;
    const where = { hdu: this.#traits.get('hdu'), plane };
    this.#scene?.show(where, this.#limitsOf(plane));
  }

  /** Shows another HDU or plane for a part, and tells Python of it now or once it stays. */
  #showOther({ hdu, plane }: Partial<Where>, tell = true): void {
    this.#savePlane.cancel();
    if (hdu !== undefined && hdu !== this.#traits.get('hdu')) {
      this.#pickedHdu = true;
      this.#traits.write({ hdu }); // by itself: another HDU begins with its first plane
    }
    if (plane !== undefined) {
      const write = () => this.#traits.write({ plane });
      if (tell) {
        write();
      } else {
        this.#savePlane.run(write);
      }
    }
    this.#show(plane);
  }

  #describe(facts: DescribeMeta, { hdu, plane }: Where): void {
    if (this.#facts?.hdus !== facts.hdus) {
      this.#toolbar.setHdus(facts.hdus);
    }
    this.#toolbar.setHdu(hdu);
    this.#toolbar.plane.set(plane, facts.planes);
    this.#stage.canvas.setAttribute('aria-label', `FITS image: ${facts.name}, HDU ${hdu}`);
    this.#notes.set(facts.warnings, 'this file');
  }

  #appear(): void {
    const shown = this.#scene?.shown ?? null;
    const before = this.#facts;
    this.#facts = shown?.facts ?? before;
    this.#readout.setImage(shown?.facts ?? null, shown?.where ?? null);
    this.#shading.forget();
    this.#showComposite();
    this.#parts.setImage(shown?.facts ?? null, shown?.where ?? null);
    this.#showSky();
    if (shown) {
      const fits = before?.width === shown.facts.width && before.height === shown.facts.height;
      if (this.#pickedHdu && !fits) {
        this.#setView(null);
      }
      this.#pickedHdu = false;
    }
    this.#stage.dirty();
  }

  #showRange(): void {
    const { shown, range } = this.#scene ?? {};
    if (range) {
      this.#toolbar.limits.setRange(range);
    }
    this.#showColours();
    this.#shading.count(shown ?? null, range ?? null);
  }

  #showComposite(): void {
    this.#toolbar.setComposite(this.#facts?.planes === 3, this.#traits.get('composite'));
    if (hasScene(this.#traits)) {
      this.#toolbar.setBands(this.#traits.get('bands'));
    }
  }

  #showColours(): void {
    const { shown, range } = this.#scene ?? {};
    const { shade, moved } = this.#shading;
    const colormap = this.#traits.get('colormap');
    this.#toolbar.setShade(shade.reverse, moved);
    // Three colours of three ranges are no scale.
    const scale = shown && !this.#composite ? range : null;
    this.#colorbar.set(scale ?? null, shown?.facts.unit ?? '', shade, colormap);
    this.#stage.dirty();
  }

  #showBusy(): void {
    const painting = this.#scene?.busy || this.#bands?.busy;
    const working = painting || this.#saving || this.#parts.busy;
    const busy = this.#starting || this.#stage.waiting || working;
    this.#root.setAttribute('aria-busy', String(busy));
  }

  // --- what Python and the person say -----------------------------------------------------------

  #viewTrait(): View | null {
    const view = this.#traits.get('view');
    const good = view && [view.x, view.y, view.zoom].every(Number.isFinite) && view.zoom > 0;
    return good ? view : null;
  }

  #showSettings(): void {
    const traits = this.#traits;
    this.#shading.read();
    this.#toolbar.setStretch(traits.get('stretch'));
    this.#toolbar.setColormap(traits.get('colormap'));
    this.#showSky();
    this.#toolbar.setHistogram(traits.get('histogram'));
    this.#toolbar.limits.setLimits(this.#limitsOf(this.#plane));
    this.#showComposite();
    this.#stage.setHeight(this.#traits.get('height'));
    this.#showRange();
  }

  #follow(): void {
    const looks = ['stretch', 'colormap', 'reverse', 'contrast', 'bias'] as const;
    this.#traits.follow([...looks, 'histogram', 'height'], () => this.#showSettings());
    this.#traits.follow(['system', 'angles', 'graticule'], () => this.#showSky());
    this.#traits.follow(['hdu', 'plane'], () => {
      this.#savePlane.cancel();
      this.#show();
    });
    this.#traits.follow(['limits', 'band_limits', 'composite'], () => {
      this.#useLimits(this.#limitsOf(this.#plane));
      this.#showSettings();
    });
    this.#traits.follow(['view'], () => {
      this.#saveView.cancel();
      this.#view = this.#viewTrait();
      this.#stage.dirty();
      this.#neighbour?.moved(this.#view);
    });
  }

  #toggleHelp(): void {
    if (this.#help.open) {
      this.#help.close();
    } else {
      this.#help.show([...(this.#neighbour?.help ?? []), ...HELP, ...this.#parts.help]);
      this.#help.element.querySelector('button')?.focus({ preventScroll: true });
    }
  }

  #showSky(): void {
    const traits = this.#traits;
    const [system, angles] = [traits.get('system'), traits.get('angles')];
    this.#toolbar.setSky(!!this.#facts?.frame, system, angles, traits.get('graticule'));
    this.#readout.setSky(system, angles);
    this.#stage.dirty();
  }

  #dragLimits({ low, high }: Range, done: boolean): void {
    const limits: Limits = [low, high];
    if (done) {
      this.#setLimits(limits);
    } else {
      this.#useLimits(limits);
    }
  }

  /** Keeps limits: those of the band at hand in a composite. */
  #setLimits(limits: Limits): void {
    if (this.#composite) {
      const all = [0, 1, 2].map(plane => (plane === this.#plane ? limits : this.#limitsOf(plane)));
      this.#traits.write({ band_limits: all });
    } else {
      this.#traits.write({ limits });
    }
    this.#useLimits(limits);
  }

  #useLimits(limits: Limits): void {
    this.#toolbar.limits.setLimits(limits);
    this.#scene?.setLimits(limits);
    this.#stage.dirty();
  }

  #makeToolbar(): Toolbar {
    const setting = (values: Partial<FitsTraits>) => {
      this.#traits.write(values);
      this.#showSettings();
    };
    return new Toolbar({
      hdu: hdu => {
        this.#savePlane.cancel();
        this.#pickedHdu = true;
        this.#traits.write({ hdu, plane: 0 });
        this.#show();
      },
      plane: plane => {
        this.#show(plane);
        this.#savePlane.run(() => this.#traits.write({ plane }));
      },
      stretch: stretch => setting({ stretch }),
      colormap: colormap => setting({ colormap }),
      reverse: reverse => setting({ reverse }),
      histogram: histogram => setting({ histogram }),
      system: system => setting({ system }),
      angles: angles => setting({ angles }),
      graticule: graticule => setting({ graticule }),
      resetShade: () => this.#shading.reset(),
      save: what => void this.#save(what),
      help: () => this.#toggleHelp(),
      limits: limits => this.#setLimits(limits),
      composite: composite => {
        setting({ composite });
        this.#useLimits(this.#limitsOf(this.#plane));
        const { facts = null, where = null } = this.#scene?.shown ?? {};
        this.#parts.setImage(facts, where);
      },
      fit: () => this.#once(() => this.#setView(null)),
      actual: () => this.#once(() => this.#actual()),
      zoom: factor => this.#once(() => this.#zoom(null, factor))
    });
  }

  #hands(): GestureHooks {
    return {
      pan: (dx, dy) => this.#change((view, image, screen) => panned(view, image, screen, dx, dy)),
      zoom: (point, factor) =>
        point ? this.#zoom(point, factor) : this.#once(() => this.#zoom(null, factor)),
      fit: () => this.#once(() => this.#setView(null)),
      actual: () => this.#once(() => this.#actual()),
      shade: (dx, dy) => this.#shading.turn(dx, dy),
      key: key => this.#onKey(key),
      other: event => this.#parts.key(event),
      grip: (point, event) => this.#parts.grip(point, event, at => this.#place(at)),
      hover: (point, event) => {
        this.#pointer = point;
        this.#cross.hidden = true;
        this.#showPointer();
        this.#neighbour?.hovered(point);
        this.#parts.hover(point && this.#place(point), event);
      }
    };
  }

  async #save(what: Wish): Promise<void> {
    const [view, image, requester] = [this.#current(), this.#image(), this.#requester];
    if (!view || !image || !requester) {
      return;
    }
    const { left, bottom, right, top } = visibleBox(view, image, this.#stage.screen);
    this.#saving = true;
    this.#showBusy();
    try {
      await save(requester, what, [left, bottom, right, top], this.#signal);
    } catch (error) {
      if (!isAbort(error)) {
        this.fail(error);
      }
    } finally {
      this.#saving = false;
      this.#showBusy();
    }
  }

  #onKey(key: Key): void {
    if (key === 'help') {
      this.#toggleHelp();
      return;
    }
    if (key === 'reset') {
      this.#shading.reset();
      return;
    }
    this.#traits.write({ [key]: !this.#traits.get(key) });
    this.#showSettings();
  }

  // --- where one looks --------------------------------------------------------------------------

  #image(): Size | null {
    return this.#scene?.shown?.facts ?? null;
  }

  /** Gives the view as it is painted, null while there is nothing to look at. */
  #current(): View | null {
    const image = this.#image();
    const { screen, density } = this.#stage;
    if (!image || !(screen.width > 0 && screen.height > 0)) {
      return null;
    }
    const view = clampView(this.#view ?? fitView(image, screen), image, screen);
    return snapped(view, screen, density);
  }

  #change(change: (view: View, image: Size, screen: Size) => View): void {
    const [image, { screen }] = [this.#image(), this.#stage];
    if (image && this.#current()) {
      // From the view as it was left, not as it was snapped: small steps would be lost.
      const view = clampView(this.#view ?? fitView(image, screen), image, screen);
      this.#setView(change(view, image, screen));
    }
  }

  /** Does it now, or as soon as there is a picture: a button that is pressed early is no less meant. */
  #once(wish: () => void): void {
    if (this.#current()) {
      wish();
    } else {
      this.#wishes.push(wish);
    }
  }

  #fulfil(): void {
    if (this.#wishes.length && this.#current()) {
      this.#wishes.splice(0).forEach(wish => wish());
    }
  }

  #zoom(point: Point | null, factor: number): void {
    this.#change((view, image, screen) => {
      const about = point ?? { x: screen.width / 2, y: screen.height / 2 };
      return zoomAbout(view, image, screen, about, factor);
    });
  }

  #goto({ x, y }: Point, zoom?: number): void {
    const known = this.#current();
    if (known) {
      this.#setView({ x, y, zoom: zoom ?? known.zoom });
    }
  }

  /** Gives the place in array pixels that lies under a point of the screen. */
  #place(point: Point): Point | null {
    const view = this.#current();
    return view && screenToImage(view, this.#stage.screen, point);
  }

  #actual(): void {
    this.#change((view, image, screen) => clampView({ ...view, zoom: 1 }, image, screen));
  }

  #setView(view: View | null): void {
    this.look(view);
    this.#neighbour?.moved(view);
  }

  #showPointer(): void {
    const point = this.#pointer && this.#place(this.#pointer);
    this.#readout.setView(point, this.#current()?.zoom ?? 0);
  }

  // --- the picture ------------------------------------------------------------------------------

  #frame(): Frame | null {
    this.#fulfil();
    const { shown } = this.#scene ?? {};
    const view = this.#current();
    const { screen, density } = this.#stage;
    if (!shown || !view) {
      return null;
    }
    const { facts, where } = shown;
    const bands = this.#painted(view, screen, density);
    if (!bands) {
      return null;
    }
    this.#showPointer();
    this.#showGraticule(view, facts, where, screen);
    this.#parts.frame(view, facts, screen);
    const colormap = this.#traits.get('colormap');
    const frame = { bands, view, screen, shade: this.#shading.shade, colormap };
    this.#parts.painted(frame);
    return frame;
  }

  /** Gives the one plane on show, or the three of a composite. */
  #painted(view: View, screen: Size, density: number): Frame['bands'] | null {
    if (this.#composite) {
      const bands = [0, 1, 2].map(plane => this.#limitsOf(plane));
      this.#bands?.show(this.#scene!.shown!.where.hdu, bands);
      return this.#bands?.frame(view, screen, density) ?? null;
    }
    const layers = this.#scene?.layers(view, screen, density);
    return layers ? [{ layers, ...this.#scene!.range! }] : null;
  }

  get #composite(): boolean {
    return this.#traits.get('composite') && this.#facts?.planes === 3;
  }

  /** Gives the limits of a plane: its own ones in a composite that has them. */
  #limitsOf(plane: number): Limits {
    const own = this.#traits.get('composite') ? this.#traits.get('band_limits')?.[plane] : null;
    return own ?? this.#traits.get('limits');
  }

  #showGraticule(view: View, facts: DescribeMeta, where: Where, screen: Size): void {
    const traits = this.#traits;
    const [system, angles] = [traits.get('system'), traits.get('angles')];
    const drawn = traits.get('graticule') && !!facts.frame;
    this.#graticule.show(drawn ? { ...where, system, angles } : null, view, facts, screen);
  }

  #restore(): void {
    this.#scene?.restore();
    this.#bands?.restore();
  }

  #dispose(): void {
    this.#saveView.cancel();
    this.#savePlane.cancel();
    this.#graticule.dispose();
    this.#parts.dispose();
    this.#readout.dispose();
    this.#scene?.dispose(true);
    this.#bands?.dispose(true);
    this.#requester?.dispose();
    this.#root.remove();
  }
}
