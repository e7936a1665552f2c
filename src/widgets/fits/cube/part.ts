/** Cubes in the viewer: play, spectra under the pointer and pinned, moment maps and slices. */
import {
  atChannel,
  atStokes,
  channelOf,
  cubeFacts,
  pinText,
  planeName,
  samePin,
  stokesOf,
  valueOf,
  type Convention,
  type CubeFacts,
  type Pin,
  type RegionWish,
  type Statistic
} from '../../../core/cubes';
import { isInside, pixelAt, type Point, type Size } from '../../../core/geometry';
import type { DescribeMeta, FitsTraits, View, Where } from '../../../core/protocol';
import { isAbort, type Requester } from '../../../core/request';
import { make } from '../../common/dom';
import type { Grip, Part, PartContext } from '../part';
import { OVERVIEW_WIDTH } from '../scene';
import { AheadRequester } from './ahead';
import { Chart } from './chart';
import { CubeControls } from './controls';
import { Live, type LiveSpectrum } from './live';
import { Making } from './making';
import { CubePanel } from './panel';
import { Pins } from './pins';
import { Player } from './player';
import { axisLabel } from './slice';
import './style.css';

const CLICK = 4;
/** Milliseconds between two notes of the channel to Python while play goes on. */
const TOLD = 250;
const MOST_PINS = 12;

export class CubePart implements Part {
  readonly overlay: HTMLElement;
  readonly panel: HTMLElement;
  readonly tools: HTMLElement;
  readonly help = [
    ['space', 'play and pause the channels of a cube'],
    ['[ ] or Page Up, Page Down', 'the channel before, the next one'],
    ['z', 'spectra below the picture; a click on the picture pins one'],
    ['k', 'draw a line along which the cube is cut']
  ] as const;
  readonly #context: PartContext;
  readonly #view = Math.random().toString(36).slice(2, 10);
  readonly #name = make('div', { class: 'astrodata-fits-plane-name', hidden: true });
  readonly #player: Player;
  readonly #controls: CubeControls;
  readonly #chart: Chart;
  readonly #live: Live;
  readonly #pins: Pins;
  readonly #making: Making;
  readonly #panelParts: CubePanel;
  #requester: Requester | null = null;
  #facts: DescribeMeta | null = null;
  #where: Where | null = null;
  #cube: CubeFacts | null = null;
  #seen: LiveSpectrum | null = null;
  #hovered: number | null = null;
  #cubeTurn = new AbortController();
  #told = 0;
  #asking = 0;

  constructor(context: PartContext) {
    this.#context = context;
    const fail = (error: unknown) => context.fail(error);
    this.#player = new Player({
      show: channel => this.#showChannel(channel),
      ahead: channels => this.#fetchAhead(channels),
      ended: () => this.#play(false)
    });
    this.#chart = new Chart(
      {
        pick: channel => this.#goTo(channel),
        range: channels => this.#choose(channels),
        hover: channel => {
          this.#hovered = channel;
          this.#showLegend();
        }
      },
      context.signal
    );
    this.#live = new Live(seen => {
      this.#seen = seen;
      this.#showFile();
      this.#showCurves();
    }, fail);
    this.#pins = new Pins(() => {
      context.changed();
      this.#showCurves();
    }, fail);
    this.#making = new Making({
      context,
      view: this.#view,
      requester: () => this.#requester,
      where: () => this.#where,
      cube: () => this.#cube,
      base: () => this.#base(),
      panel: () => this.#panelParts,
      pause: () => this.#play(false),
      open: () => this.#setShown(true),
      pick: channel => this.#goTo(channel)
    });
    this.#panelParts = this.#makePanel();
    this.#controls = this.#makeControls();
    this.overlay = make(
      'div',
      { class: 'astrodata-fits-cube-over' },
      this.#making.line.element,
      this.#name
    );
    this.panel = this.#panelParts.element;
    this.tools = this.#controls.element;
    this.#follow();
    this.#stopWhenHidden();
  }

  get busy(): boolean {
    return this.#asking > 0 || this.#making.busy || this.#pins.busy;
  }

  connect(requester: Requester): void {
    this.#requester = requester;
    this.#live.connect(requester);
    this.#pins.connect(requester);
  }

  setImage(facts: DescribeMeta | null, where: Where | null): void {
    this.#facts = facts;
    this.#where = where;
    // Three colours are no spectrum.
    const isCube =
      facts?.kind === 'cube' && facts.planes > 1 && !this.#context.traits.get('composite');
    if (!isCube || !where) {
      this.#cubeTurn.abort();
      this.#play(false);
      this.#setCube(null);
      return;
    }
    if (this.#cube?.hdu !== where.hdu) {
      this.#setCube(null);
      void this.#describe();
      return;
    }
    this.#showPlane();
  }

  frame(view: View, _image: Size, screen: Size): void {
    this.#making.line.frame(view, screen);
  }

  hover(at: Point | null): void {
    const inside = at && this.#facts && isInside(at, this.#facts) ? pixelAt(at) : null;
    if (this.#cube && this.#shown) {
      this.#live.look(inside);
    }
  }

  grip(at: Point, event: PointerEvent): Grip | null {
    if (!this.#cube || !this.#shown) {
      return null;
    }
    const grip = this.#making.line.grip(at);
    if (!grip && event.isPrimary !== false) {
      this.#pinOnClick(at, event);
    }
    return grip;
  }

  key(event: KeyboardEvent): boolean {
    if (!this.#cube || event.ctrlKey || event.metaKey || event.altKey) {
      return false;
    }
    const actions: Record<string, () => void> = {
      ' ': () => this.#play(!this.#player.playing),
      '[': () => this.#step(-1),
      ']': () => this.#step(1),
      PageUp: () => this.#step(-1),
      PageDown: () => this.#step(1),
      z: () => this.#setShown(!this.#shown),
      k: () => this.#making.arm(!this.#making.line.armed)
    };
    if (event.key === 'Escape' && this.#making.line.armed) {
      this.#making.arm(false);
      return true;
    }
    if (!Object.hasOwn(actions, event.key)) {
      return false;
    }
    actions[event.key]();
    return true;
  }

  redraw(): void {
    this.#chart.redraw();
    this.#making.plot.redraw();
  }

  dispose(): void {
    this.#player.stop();
    this.#cubeTurn.abort();
    this.#making.dispose();
    this.#live.dispose();
    this.#pins.set([], null, 'mean');
  }

  // --- the cube -----------------------------------------------------------------------------------

  get #shown(): boolean {
    return this.#context.traits.get('spectra');
  }

  /** A plane that stands for the polarisation on show, whatever its channel. */
  #base(): { hdu: number; plane: number; view: string } | null {
    const [cube, where] = [this.#cube, this.#where];
    return cube && where
      ? { hdu: where.hdu, plane: atChannel(cube, where.plane, 0), view: this.#view }
      : null;
  }

  /** Asks what the cube is, told in the unit of now or in a changed one; gives whether it was told. */
  async #describe(change: Partial<FitsTraits> = {}): Promise<boolean> {
    const where = this.#where;
    if (!where || !this.#requester) {
      return false;
    }
    this.#cubeTurn.abort();
    const { signal } = (this.#cubeTurn = new AbortController());
    const told = <K extends keyof FitsTraits>(name: K) =>
      change[name] ?? this.#context.traits.get(name);
    const msg = {
      hdu: where.hdu,
      unit: told('spectral_unit'),
      convention: told('doppler_convention'),
      rest: told('rest')
    };
    this.#asking += 1;
    this.#context.changed();
    try {
      const reply = await this.#requester.request('cube', msg, signal);
      this.#context.traits.write(change);
      this.#setCube(cubeFacts(reply));
      return true;
    } catch (error) {
      if (!isAbort(error)) {
        this.#context.fail(error);
        this.#showTelling();
      }
      return false;
    } finally {
      this.#asking -= 1;
      this.#context.changed();
    }
  }

  #setCube(cube: CubeFacts | null): void {
    this.#cube = cube;
    const stokes = cube && this.#where ? stokesOf(cube, this.#where.plane) : null;
    this.#controls.setCube(cube, stokes, this.#making.back !== null);
    this.#name.hidden = !cube;
    if (!cube) {
      this.#live.setWhere(null);
      this.#pins.set([], null, 'mean');
      this.#making.clear();
      this.panel.hidden = true;
      return;
    }
    this.#showTelling();
    this.#chart.setAxis(cube.values, axisLabel(cube), cube.value_unit || 'value');
    this.#making.plot.redraw();
    this.#readAgain();
    this.#showPlay();
    this.#showPlane();
    this.#showSpectra();
    if (this.#context.traits.get('playing')) {
      this.#play(true);
    }
  }

  #showTelling(): void {
    const [cube, traits] = [this.#cube, this.#context.traits];
    if (cube) {
      this.#controls.setUnit(cube, traits.get('spectral_unit'));
      this.#panelParts.setCube(cube, traits.get('doppler_convention'), traits.get('rest'));
      this.#showFile();
    }
  }

  /** Spectra of another cube or polarisation are other ones. */
  #readAgain(): void {
    const base = this.#base();
    this.#live.setWhere(base);
    this.#showPins();
    const path = this.#context.traits.get('slice_path');
    this.#making.line.set(path);
    this.#making.askSlice();
    this.#context.dirty();
  }

  #showPlane(): void {
    const [cube, where] = [this.#cube, this.#where];
    if (!cube || !where) {
      return;
    }
    const channel = channelOf(cube, where.plane);
    const value = valueOf(cube, channel);
    const text = [planeName(cube, where.plane), value].filter(Boolean).join(': ');
    if (this.#name.textContent !== text) {
      this.#name.textContent = text;
    }
    this.#controls.setCube(cube, stokesOf(cube, where.plane), false);
    this.#chart.setChannel(channel, text);
    this.#making.plot.setChannel(channel, this.#context.traits.get('colormap'));
    this.#showLegend();
    this.#player.shown(channel);
  }

  // --- play ---------------------------------------------------------------------------------------

  #play(on: boolean): void {
    if (on && this.#cube && !document.hidden) {
      this.#showPlay();
      this.#player.start();
    } else {
      const was = this.#player.playing;
      this.#player.stop();
      if (this.#requester instanceof AheadRequester) {
        this.#requester.forget();
      }
      if (was && this.#where && this.#cube) {
        // The next channel may be on its way: it is no longer wanted.
        this.#context.show({ plane: this.#where.plane });
      }
    }
    this.#context.traits.write({ playing: this.#player.playing });
    this.#showPlay();
  }

  #showPlay(): void {
    const traits = this.#context.traits;
    const [speed, order] = [traits.get('play_speed'), traits.get('play_order')];
    this.#player.set(this.#cube?.values.length ?? 1, speed, order);
    this.#controls.setPlay(this.#player.playing, speed, order);
  }

  #showChannel(channel: number): void {
    if (this.#cube && this.#where) {
      const now = performance.now();
      const tell = now - this.#told > TOLD;
      this.#told = tell ? now : this.#told;
      this.#context.show({ plane: atChannel(this.#cube, this.#where.plane, channel) }, tell);
    }
  }

  #fetchAhead(channels: readonly number[]): void {
    const [cube, where, requester] = [this.#cube, this.#where, this.#requester];
    if (!cube || !where || !(requester instanceof AheadRequester)) {
      return;
    }
    const limits = this.#context.traits.get('limits');
    // The newest request is answered first.
    for (const channel of [...channels].reverse()) {
      const msg = { hdu: where.hdu, plane: atChannel(cube, where.plane, channel) };
      requester.ahead('overview', { width: OVERVIEW_WIDTH, ...msg });
      if (typeof limits === 'string') {
        requester.ahead('limits', { limits, ...msg });
      }
    }
  }

  #goTo(channel: number): void {
    if (this.#cube && this.#where) {
      this.#context.show({ plane: atChannel(this.#cube, this.#where.plane, channel) });
    }
  }

  #step(by: number): void {
    const [cube, where] = [this.#cube, this.#where];
    if (cube && where) {
      const channel = channelOf(cube, where.plane) + by;
      if (channel >= 0 && channel < cube.values.length) {
        this.#goTo(channel);
      }
    }
  }

  #stopWhenHidden(): void {
    const { signal } = this.#context;
    const stop = () => {
      if (this.#player.playing) {
        this.#play(false);
      }
    };
    document.addEventListener('visibilitychange', () => document.hidden && stop(), { signal });
    if ('IntersectionObserver' in window) {
      const observer = new IntersectionObserver(entries => {
        if (!entries[entries.length - 1].isIntersecting) {
          stop();
        }
      });
      observer.observe(this.overlay);
      signal.addEventListener('abort', () => observer.disconnect());
    }
  }

  // --- spectra ------------------------------------------------------------------------------------

  #setShown(shown: boolean): void {
    this.#context.traits.write({ spectra: shown });
    this.#showSpectra();
    if (!shown) {
      this.#context.focus();
    }
  }

  #showSpectra(): void {
    this.panel.hidden = !this.#shown || !this.#cube;
    this.#controls.setSpectra(this.#shown);
    this.#making.line.element.style.display = this.#shown ? '' : 'none';
    this.#showPins();
    this.#showRange();
    this.#chart.redraw();
    this.#making.plot.redraw();
  }

  #showPins(): void {
    const pins = this.#shown ? this.#context.traits.get('pinned') : [];
    this.#pins.set(pins, this.#base(), this.#panelParts.statistic.value as Statistic);
  }

  #showCurves(): void {
    const pinned = this.#pins.all.flatMap(({ colour, values }) =>
      values?.length ? [{ colour, values, live: false }] : []
    );
    const live = this.#seen ? [{ colour: '', values: this.#seen.values, live: true }] : [];
    this.#chart.setCurves([...pinned, ...live]);
    this.#showLegend();
  }

  #showLegend(): void {
    const [cube, where, seen] = [this.#cube, this.#where, this.#seen];
    if (!cube || !where) {
      return;
    }
    const channel = this.#hovered ?? channelOf(cube, where.plane);
    this.#panelParts.setLegend(
      seen && { text: pinText({ x: seen.x, y: seen.y }), value: seen.values[channel] },
      this.#pins.all,
      channel,
      cube.value_unit,
      pin => this.#unpin(pin)
    );
  }

  #showFile(): void {
    const file = this.#seen?.meta.file;
    const said =
      file?.state === 'working'
        ? `Spectra will be faster: the cube is being written to a temporary file, ${Math.round(
            100 * file.progress
          )} % done.`
        : file?.state === 'refused'
          ? `Spectra are read channel by channel: ${file.note}.`
          : '';
    this.#panelParts.setNote([this.#cube?.note ?? '', said].filter(Boolean).join(' '));
  }

  /** Pins the spectrum of a click, which is not taken from whoever moves the picture. */
  #pinOnClick(at: Point, down: PointerEvent): void {
    if (!this.#facts || !isInside(at, this.#facts) || !down.target) {
      return;
    }
    const ended = (up: Event) => {
      down.target?.removeEventListener('pointerup', ended);
      down.target?.removeEventListener('pointercancel', ended);
      const { clientX, clientY, type, pointerId } = up as PointerEvent;
      const far = Math.hypot(clientX - down.clientX, clientY - down.clientY) > CLICK;
      if (type === 'pointerup' && pointerId === down.pointerId && !far) {
        this.#pin([pixelAt(at)]);
      }
    };
    down.target.addEventListener('pointerup', ended);
    down.target.addEventListener('pointercancel', ended);
  }

  /** Pins places; one that is pinned already is unpinned, as by a second click. */
  #pin(places: readonly Pin[]): void {
    let pinned = [...this.#context.traits.get('pinned')];
    for (const place of places) {
      const there = pinned.some(one => samePin(one, place));
      pinned = there ? pinned.filter(one => !samePin(one, place)) : [...pinned, place];
    }
    this.#context.traits.write({ pinned: pinned.slice(-MOST_PINS) });
    this.#showPins();
  }

  #unpin(pin: Pin): void {
    const pinned = this.#context.traits.get('pinned').filter(one => !samePin(one, pin));
    this.#context.traits.write({ pinned });
    this.#showPins();
    this.#context.focus();
  }

  #pinRegions(): void {
    const areas = ['circle', 'ellipse', 'box', 'polygon'];
    const { traits } = this.#context;
    const drawn: readonly RegionWish[] = traits.get('shapes');
    const picked = traits.get('selected_shapes');
    const wanted = (picked.length ? picked.map(number => drawn[number]) : drawn).filter(
      shape => shape && areas.includes(shape.shape)
    );
    if (!wanted.length) {
      this.#context.fail(
        new Error('There is no region with pixels inside: draw a circle, ellipse, box or polygon.')
      );
      return;
    }
    const pinned = this.#context.traits.get('pinned');
    this.#pin(wanted.filter(shape => !pinned.some(one => samePin(one, shape))));
  }

  #choose(channels: readonly [number, number] | null): void {
    this.#context.traits.write({ channel_range: channels });
    this.#showRange();
  }

  #showRange(): void {
    const [cube, range] = [this.#cube, this.#context.traits.get('channel_range')];
    const inside = cube && range && range[1] < cube.values.length ? range : null;
    this.#chart.setRange(inside);
    const values = inside && cube ? inside.map(one => valueOf(cube, one)).join(' to ') : '';
    const text = inside ? `channels ${inside[0]} to ${inside[1]}${values && `, ${values}`}` : '';
    this.#panelParts.setRange(inside, text);
  }

  // --- the controls -------------------------------------------------------------------------------

  #follow(): void {
    const { traits } = this.#context;
    traits.follow(['composite'], () => this.setImage(this.#facts, this.#where));
    traits.follow(['playing'], () => this.#play(traits.get('playing')));
    traits.follow(['play_speed', 'play_order'], () => this.#showPlay());
    traits.follow(['spectral_unit', 'doppler_convention', 'rest'], () => void this.#describe());
    traits.follow(['spectra', 'pinned', 'channel_range'], () => this.#showSpectra());
    traits.follow(['slice_path', 'slice_width'], () => this.#readAgain());
    traits.follow(['colormap'], () => this.#showPlane());
  }

  #makePanel(): CubePanel {
    const { traits } = this.#context;
    return new CubePanel(this.#chart, this.#making.plot, {
      unpin: pin => this.#unpin(pin),
      pinRegions: () => this.#pinRegions(),
      statistic: () => this.#showPins(),
      convention: (doppler_convention: Convention) => void this.#describe({ doppler_convention }),
      rest: rest => void this.#describe({ rest }),
      allChannels: () => this.#choose(null),
      moment: (order, threshold) => this.#making.moment(order, threshold),
      line: on => this.#making.arm(on),
      width: slice_width => {
        traits.write({ slice_width });
        this.#making.askSlice();
      },
      saveSlice: () => void this.#making.save('slice'),
      dropSlice: () => {
        this.#making.line.set(null);
        this.#making.drawn(null, true);
        this.#context.focus();
      },
      cancel: () => this.#making.cancel()
    });
  }

  #makeControls(): CubeControls {
    const { traits } = this.#context;
    return new CubeControls({
      play: on => this.#play(on),
      step: by => this.#step(by),
      speed: play_speed => {
        traits.write({ play_speed });
        this.#showPlay();
      },
      order: play_order => {
        traits.write({ play_order });
        this.#showPlay();
      },
      stokes: number => {
        const [cube, where] = [this.#cube, this.#where];
        if (cube && where) {
          this.#context.show({ plane: atStokes(cube, where.plane, number) });
          this.#where = { ...where, plane: atStokes(cube, where.plane, number) };
          this.#readAgain();
        }
      },
      unit: spectral_unit => void this.#describe({ spectral_unit }),
      spectra: on => this.#setShown(on),
      back: () => {
        const { back } = this.#making;
        if (back) {
          this.#context.show(back);
          this.#context.focus();
        }
      },
      saveMap: () => void this.#making.save('map')
    });
  }
}
