/** Several dates of one place: a time slider with thumbnails, and two dates under a line or side by side. */
import { clearDates, dayOf, nextClear, type DateTraits } from '../../../../core/dates';
import { imageToScreen, type Point } from '../../../../core/geometry';
import type { DescribeMeta, Where } from '../../../../core/protocol';
import { Later, make } from '../../../common/dom';
import type { Traits } from '../../../common/traits';
import { AheadRequester } from '../../cube/ahead';
import { Player } from '../../cube/player';
import type { Part } from '../../part';
import type { Frame } from '../../renderer';
import { OVERVIEW_WIDTH } from '../../scene';
import type { SceneContext, SceneRequester, SceneTraits } from '../traits';
import { DateControls } from './controls';
import { DatesOver } from './over';
import { SecondPicture } from './second';
import { Strip } from './strip';
import './style.css';
import { Thumbnails } from './thumbnails';

/** Milliseconds until thumbnails follow colours that are being dragged, and Python a line. */
const DEBOUNCE = 250;
/** Dates that are fetched before their turn in play. */
const AHEAD = 2;

/** Stays out of sight where there is one date. */
export class DatesPart implements Part {
  readonly overlay: HTMLElement;
  readonly panel: HTMLElement;
  readonly beside = make('div', { class: 'astrodata-fits-beside', hidden: true });
  readonly #context: SceneContext;
  readonly #traits: Traits<SceneTraits>;
  readonly #strip = new Strip({ show: date => this.#show(date) });
  readonly #controls: DateControls;
  readonly #over: DatesOver;
  readonly #thumbnails: Thumbnails;
  readonly #player: Player;
  readonly #renew = new Later(DEBOUNCE);
  readonly #tell = new Later(DEBOUNCE);
  #requester: SceneRequester | null = null;
  #second: SecondPicture | null = null;
  /** How the thumbnails look. */
  #look = '';
  #where: Where | null = null;
  #frame: Frame | null = null;

  constructor(context: SceneContext) {
    this.#context = context;
    this.#traits = context.traits;
    this.#over = new DatesOver((share, done) => this.#cut(share, done));
    this.overlay = this.#over.element;
    this.#controls = this.#makeControls();
    this.panel = make(
      'div',
      { class: 'astrodata-fits-dates' },
      this.#controls.element,
      this.#strip.element
    );
    this.#thumbnails = new Thumbnails(
      this.#strip.element,
      () => context.changed(),
      (date, error) => this.#strip.fail(date, error)
    );
    this.#player = new Player({
      show: turn => this.#show(this.#clear[turn]),
      ahead: turns => this.#fetchAhead(turns),
      ended: () => this.#play(false)
    });
    const names = ['dates', 'date', 'other', 'compare', 'max_cloud', 'bands'] as const;
    this.#traits.follow(names, () => this.#refresh());
    this.#traits.follow(['swipe'], () => this.#showLine());
    this.#traits.follow(['play_dates', 'dates_pace'], () =>
      this.#play(this.#traits.get('play_dates'))
    );
    context.traits.follow(['height'], () => this.#place());
    this.#stopWhenHidden();
    this.#refresh();
  }

  get help(): readonly (readonly [string, string])[] {
    return this.#several
      ? [
          ['[ ]', 'the date before, the next one'],
          ['space', 'play and pause the dates']
        ]
      : [];
  }

  get busy(): boolean {
    return !!this.#second?.busy || this.#thumbnails.busy;
  }

  connect(requester: SceneRequester): void {
    this.#requester = requester;
    this.#thumbnails.connect(requester);
    this.#refresh();
  }

  setImage(_facts: DescribeMeta | null, where: Where | null): void {
    this.#where = where;
    const date = where ? this.#dates.findIndex(({ hdu }) => hdu === where.hdu) : -1;
    if (date < 0) {
      return;
    }
    const turn = this.#clear.indexOf(date);
    if (turn >= 0) {
      this.#player.shown(turn);
    }
    if (this.#traits.get('play_dates') && !this.#player.playing) {
      this.#play(true);
    }
  }

  painted(frame: Frame): void {
    this.#frame = frame;
    this.#second?.follow(frame, this.#where?.plane ?? 0);
    if (!this.#several) {
      return;
    }
    const { stretch, contrast, bias, reverse } = frame.shade;
    const ends = frame.bands.map(({ low, high }) => [low, high]);
    const bands = this.#traits.get('bands');
    const look = JSON.stringify([bands, frame.colormap, ends, stretch, contrast, bias, reverse]);
    if (look === this.#look) {
      return;
    }
    const first = !this.#look;
    this.#look = look;
    if (first) {
      this.#thumbnails.renew();
    } else {
      // Not while colours are being dragged.
      this.#renew.run(() => this.#thumbnails.renew());
    }
  }

  hover(at: Point | null): void {
    const frame = this.#second && this.#traits.get('compare') === 'side' && this.#frame;
    this.#over.point(at && frame ? imageToScreen(frame.view, frame.screen, at) : null);
  }

  key(event: KeyboardEvent): boolean {
    if (!this.#several || event.ctrlKey || event.metaKey || event.altKey) {
      return false;
    }
    const actions: Record<string, () => void> = {
      '[': () => this.#step(-1),
      ']': () => this.#step(1),
      ' ': () => this.#play(!this.#player.playing)
    };
    if (!Object.hasOwn(actions, event.key)) {
      return false;
    }
    actions[event.key]();
    return true;
  }

  dispose(): void {
    this.#player.stop();
    this.#renew.cancel();
    this.#tell.cancel();
    this.#thumbnails.clear();
    this.#second?.dispose();
  }

  // --- which date ---------------------------------------------------------------------------------

  get #dates(): DateTraits['dates'] {
    return this.#traits.get('dates');
  }

  get #several(): boolean {
    return this.#dates.length > 1;
  }

  /** Numbers of the dates at which play stops. */
  get #clear(): readonly number[] {
    return clearDates(this.#dates, this.#traits.get('max_cloud'));
  }

  #show(date: number): void {
    const one = this.#dates[date];
    if (!one || date === this.#traits.get('date')) {
      return;
    }
    if (one.error) {
      this.#context.fail(new Error(one.error));
      return;
    }
    // Both at once: of the date alone Python would make the number, and say so too late.
    this.#traits.write({ date, hdu: one.hdu });
    this.#context.show({});
    this.#refresh();
  }

  #step(by: 1 | -1): void {
    const traits = this.#traits;
    const next = nextClear(this.#dates, traits.get('date'), by, traits.get('max_cloud'));
    if (next !== null) {
      this.#show(next);
    }
  }

  #refresh(): void {
    const [dates, several] = [this.#dates, this.#several];
    this.panel.hidden = !several;
    this.overlay.hidden = !several;
    if (!several) {
      this.#compare();
      return;
    }
    const canvases = this.#strip.setDates(dates);
    if (canvases) {
      this.#thumbnails.set(canvases);
    }
    const traits = this.#traits;
    const marked = {
      date: traits.get('date'),
      other: traits.get('other'),
      compare: traits.get('compare'),
      most: traits.get('max_cloud')
    };
    this.#strip.mark(marked);
    this.#controls.set(dates, marked);
    this.#showPlay();
    this.#compare();
    this.#context.dirty();
  }

  // --- play ---------------------------------------------------------------------------------------

  #play(on: boolean): void {
    this.#showPlay();
    if (on && !document.hidden && this.#several) {
      this.#player.start();
      this.#player.shown(this.#clear.indexOf(this.#traits.get('date')));
    } else {
      this.#player.stop();
      if (this.#requester instanceof AheadRequester) {
        this.#requester.forget();
      }
    }
    this.#traits.write({ play_dates: this.#player.playing });
    this.#showPlay();
  }

  #showPlay(): void {
    const pace = this.#traits.get('dates_pace');
    this.#player.set(this.#clear.length, pace, 'loop');
    this.#controls.setPlay(this.#player.playing, pace);
  }

  #fetchAhead(turns: readonly number[]): void {
    const [requester, plane] = [this.#requester, this.#where?.plane ?? 0];
    if (!(requester instanceof AheadRequester)) {
      return;
    }
    const planes = (this.#frame?.bands.length ?? 1) > 1 ? [0, 1, 2] : [plane];
    for (const turn of turns.slice(0, AHEAD).reverse()) {
      const { hdu } = this.#dates[this.#clear[turn]];
      for (const plane of planes) {
        requester.ahead('overview', { width: OVERVIEW_WIDTH, hdu, plane });
      }
    }
  }

  #stopWhenHidden(): void {
    const { signal } = this.#context;
    const stop = () => this.#player.playing && this.#play(false);
    document.addEventListener('visibilitychange', () => document.hidden && stop(), { signal });
  }

  // --- two dates ----------------------------------------------------------------------------------

  /** Has a second picture exactly while there is something to compare. */
  #compare(): void {
    const [how, other] = [this.#traits.get('compare'), this.#traits.get('other')];
    const one = how && other !== null ? this.#dates[other] : undefined;
    if (!one || !this.#several || !this.#requester) {
      this.#second?.dispose();
      this.#second = null;
    } else {
      this.#second ??= this.#makeSecond(this.#requester);
      this.#second.show(one.hdu);
    }
    this.#place();
    this.#showLine();
  }

  #makeSecond(requester: SceneRequester): SecondPicture {
    const { changed, fail } = this.#context;
    const second = new SecondPicture(requester, {
      changed,
      failed: fail,
      rebuild: () => {
        this.#second?.dispose();
        this.#second = null;
        this.#compare();
      }
    });
    this.#context.hands(second.stage.canvas, second.signal);
    return second;
  }

  /** Puts the second picture over the first one or beside it. */
  #place(): void {
    const stage = this.#second?.stage;
    const beside = !!stage && this.#traits.get('compare') === 'side';
    this.beside.hidden = !beside;
    this.#over.point(null);
    if (!stage) {
      return;
    }
    const home = beside ? this.beside : this.overlay;
    if (stage.element.parentElement !== home) {
      home.prepend(stage.element);
    }
    if (beside) {
      this.beside.append(this.#over.second);
      stage.setHeight(this.#context.traits.get('height'));
    } else {
      stage.element.style.height = '';
    }
    stage.canvas.tabIndex = beside ? 0 : -1;
    stage.canvas.setAttribute('aria-hidden', String(!beside));
    stage.canvas.setAttribute('aria-label', 'The other date');
    this.#context.dirty();
  }

  #showLine(share = this.#traits.get('swipe')): void {
    const [dates, traits] = [this.#dates, this.#traits];
    const day = (number: number | null) =>
      number !== null && dates[number] ? dayOf(dates[number]) : '';
    const swiped = !!this.#second && traits.get('compare') === 'swipe';
    this.#over.set(
      day(traits.get('date')),
      this.#second ? day(traits.get('other')) : '',
      swiped,
      share
    );
    if (this.#second) {
      const { style } = this.#second.stage.element;
      style.clipPath = swiped ? `inset(0 0 0 ${100 * share}%)` : '';
    }
  }

  #cut(share: number, done: boolean): void {
    this.#showLine(share);
    const write = () => this.#traits.write({ swipe: share });
    if (done) {
      this.#tell.cancel();
      write();
    } else {
      this.#tell.run(write);
    }
  }

  #setCompare(compare: DateTraits['compare']): void {
    const date = this.#traits.get('date');
    const next = date + 1 < this.#dates.length ? date + 1 : Math.max(0, date - 1);
    const chosen = this.#traits.get('other') ?? next;
    const error = compare && this.#dates[chosen]?.error;
    if (error) {
      this.#context.fail(new Error(error));
    } else {
      this.#traits.write(compare ? { compare, other: chosen } : { compare });
    }
    this.#refresh();
  }

  #swap(): void {
    const other = this.#traits.get('other');
    const one = other === null ? undefined : this.#dates[other];
    if (one && other !== null) {
      this.#traits.write({ date: other, hdu: one.hdu, other: this.#traits.get('date') });
      this.#context.show({});
      this.#refresh();
    }
  }

  #makeControls(): DateControls {
    const setting = (values: Partial<DateTraits>) => {
      this.#traits.write(values);
      this.#refresh();
    };
    return new DateControls({
      step: by => this.#step(by),
      play: on => this.#play(on),
      pace: dates_pace => setting({ dates_pace }),
      compare: how => this.#setCompare(how),
      other: other => setting({ other }),
      swap: () => this.#swap(),
      most: max_cloud => setting({ max_cloud })
    });
  }
}
