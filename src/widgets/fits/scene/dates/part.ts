/** Several dates of one place: a time slider with thumbnails, and two dates under a line or side by side. */
import { clearDates, nextClear, type DateTraits } from '../../../../core/dates';
import type { Point } from '../../../../core/geometry';
import type { DescribeMeta, Where } from '../../../../core/protocol';
import { Later, make } from '../../../common/dom';
import { isPlain } from '../../../common/keys';
import type { Traits } from '../../../common/traits';
import { AheadRequester } from '../../cube/ahead';
import { Player } from '../../cube/player';
import type { Part } from '../../part';
import type { Frame } from '../../renderer';
import { OVERVIEW_WIDTH } from '../../scene';
import type { SceneContext, SceneRequester, SceneTraits } from '../traits';
import { Comparison } from './comparison';
import { DateControls } from './controls';
import type { SecondOnShow } from './second';
import { Strip } from './strip';
import './style.css';
import { Thumbnails } from './thumbnails';

/** Milliseconds until thumbnails follow colours that are being dragged. */
const DEBOUNCE = 250;
/** Dates that are fetched before their turn in play. */
const AHEAD = 2;

/** Stays out of sight where there is one date. */
export class DatesPart implements Part {
  readonly overlay: HTMLElement;
  readonly panel: HTMLElement;
  readonly beside: HTMLElement;
  readonly #context: SceneContext;
  readonly #traits: Traits<SceneTraits>;
  readonly #strip = new Strip({ show: date => this.#show(date) });
  readonly #controls: DateControls;
  readonly #comparison: Comparison;
  readonly #thumbnails: Thumbnails;
  readonly #player: Player;
  readonly #renew = new Later(DEBOUNCE);
  #requester: SceneRequester | null = null;
  /** How the thumbnails look. */
  #look = '';
  #where: Where | null = null;
  #onShow: number;
  #frame: Frame | null = null;

  constructor(context: SceneContext) {
    this.#context = context;
    this.#traits = context.traits;
    this.#onShow = this.#traits.get('date');
    this.#comparison = new Comparison(context);
    this.overlay = this.#comparison.over.element;
    this.beside = this.#comparison.beside;
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
    this.#traits.follow(['play_dates', 'dates_pace'], () =>
      this.#play(this.#traits.get('play_dates'))
    );
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
    return this.#comparison.busy || this.#thumbnails.busy;
  }

  /** Number of the date of the picture on show, which is not yet that of the trait. */
  get shown(): number {
    return this.#onShow;
  }

  /** The picture of the date that it is compared with. */
  get second(): SecondOnShow | null {
    return this.#comparison.second;
  }

  /** Has whatever is not of whole pixels fetched anew. */
  sharpen(): void {
    this.#context.sharpen(true);
    this.#comparison.sharpen();
  }

  connect(requester: SceneRequester): void {
    this.#requester = requester;
    this.#comparison.connect(requester);
    this.#thumbnails.connect(requester);
    this.#refresh();
  }

  setImage(_facts: DescribeMeta | null, where: Where | null): void {
    this.#where = where;
    const date = where ? this.#dates.findIndex(({ hdu }) => hdu === where.hdu) : -1;
    if (date < 0) {
      return;
    }
    this.#onShow = date;
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
    this.#comparison.painted(frame, this.#where?.plane ?? 0);
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

  hover(at: Point | null, event: PointerEvent | null): void {
    this.#comparison.hover(at, event);
  }

  key(event: KeyboardEvent): boolean {
    if (!this.#several || !isPlain(event)) {
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
    this.#thumbnails.clear();
    this.#comparison.dispose();
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
    this.#comparison.show();
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
