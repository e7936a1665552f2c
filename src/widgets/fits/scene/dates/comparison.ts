/** Two dates of a place: the second picture over the first one or beside it, and what both show alike. */
import { dayOf, type SceneDate } from '../../../../core/dates';
import { imageToScreen, type Point } from '../../../../core/geometry';
import { Later, make } from '../../../common/dom';
import type { Traits } from '../../../common/traits';
import type { Frame } from '../../renderer';
import type { SceneContext, SceneRequester, SceneTraits } from '../traits';
import { Mirror } from './mirror';
import { DatesOver } from './over';
import { SecondPicture, type SecondOnShow } from './second';

/** Milliseconds until Python hears of a line that is being dragged. */
const DEBOUNCE = 250;

export class Comparison {
  readonly over = new DatesOver((share, done) => this.#cut(share, done));
  readonly beside = make('div', { class: 'astrodata-fits-beside', hidden: true });
  readonly #context: SceneContext;
  readonly #traits: Traits<SceneTraits>;
  readonly #mirror = new Mirror();
  readonly #tell = new Later(DEBOUNCE);
  #requester: SceneRequester | null = null;
  #second: SecondPicture | null = null;
  #frame: Frame | null = null;
  /** Where the line is: Python hears of it a little later. */
  #share: number;

  constructor(context: SceneContext) {
    this.#context = context;
    this.#traits = context.traits;
    this.#share = this.#traits.get('swipe');
    this.#traits.follow(['swipe'], () => {
      this.#share = this.#traits.get('swipe');
      this.#showLine();
      context.dirty();
    });
    context.traits.follow(['height'], () => this.#place());
  }

  get busy(): boolean {
    return !!this.#second?.busy;
  }

  /** The second picture while there is one, for what lies over both. */
  get second(): SecondOnShow | null {
    const date = this.#traits.get('other');
    const stage = this.#second?.stage;
    return stage && date !== null
      ? {
          date,
          element: stage.element,
          screen: stage.screen,
          from: this.#beside ? null : this.#share
        }
      : null;
  }

  connect(requester: SceneRequester): void {
    this.#requester = requester;
  }

  /** Has a second picture exactly while there is something to compare. */
  show(): void {
    const one = this.#other;
    if (!this.#traits.get('compare') || !one || !this.#requester) {
      this.#second?.dispose();
      this.#second = null;
    } else {
      this.#second ??= this.#makeSecond(this.#requester);
      this.#second.show(one.hdu);
    }
    this.#place();
    this.#showLine();
  }

  painted(frame: Frame, plane: number): void {
    this.#frame = frame;
    this.#second?.follow(frame, plane);
    const from = this.over.element.parentElement;
    if (this.#second && this.#beside && from) {
      this.#mirror.show(from, frame.screen, this.#second.stage.screen);
    }
  }

  /** Marks the place in both pictures, and has the values read of the one that is pointed at. */
  hover(at: Point | null, event: PointerEvent | null): void {
    const [second, frame] = [this.#second, this.#frame];
    const point = at && second && frame && imageToScreen(frame.view, frame.screen, at);
    if (!point) {
      this.over.point(null);
      this.#context.read(null, '');
      return;
    }
    this.over.point(this.#beside ? point : null);
    const there = this.#beside
      ? event?.target === second.stage.canvas
      : point.x > this.#share * frame.screen.width;
    const one = there ? this.#other : this.#traits.get('dates')[this.#traits.get('date')];
    this.#context.read(there && one ? one.hdu : null, one ? dayOf(one) : '');
  }

  /** Fetches anew all that is not of whole pixels. */
  sharpen(): void {
    this.#second?.sharpen();
  }

  dispose(): void {
    this.#tell.cancel();
    this.#second?.dispose();
  }

  get #beside(): boolean {
    return this.#traits.get('compare') === 'side';
  }

  get #other(): SceneDate | undefined {
    const other = this.#traits.get('other');
    return other === null ? undefined : this.#traits.get('dates')[other];
  }

  #makeSecond(requester: SceneRequester): SecondPicture {
    const { changed, fail } = this.#context;
    const second = new SecondPicture(requester, {
      changed,
      failed: fail,
      resized: () => this.#context.dirty(),
      rebuild: () => {
        this.#second?.dispose();
        this.#second = null;
        this.show();
      }
    });
    this.#context.hands(second.stage.canvas, second.signal);
    return second;
  }

  /** Puts the second picture over the first one or beside it. */
  #place(): void {
    const stage = this.#second?.stage;
    const beside = !!stage && this.#beside;
    this.beside.hidden = !beside;
    this.over.point(null);
    if (!stage) {
      this.#context.read(null, '');
      return;
    }
    const home = beside ? this.beside : this.over.element;
    if (stage.element.parentElement !== home) {
      home.prepend(stage.element);
    }
    if (beside) {
      this.beside.append(this.#mirror.element, this.over.second);
      stage.setHeight(this.#traits.get('height'));
    } else {
      stage.element.style.height = '';
    }
    stage.canvas.tabIndex = beside ? 0 : -1;
    stage.canvas.setAttribute('aria-hidden', String(!beside));
    stage.canvas.setAttribute('aria-label', 'The other date');
    this.#context.dirty();
  }

  #showLine(): void {
    const [second, share] = [this.#second, this.#share];
    const [one, other] = [this.#traits.get('dates')[this.#traits.get('date')], this.#other];
    const swiped = !!second && !this.#beside;
    this.over.set(one ? dayOf(one) : '', second && other ? dayOf(other) : '', swiped, share);
    if (second) {
      const { style } = second.stage.element;
      style.clipPath = swiped ? `inset(0 0 0 ${100 * share}%)` : '';
    }
  }

  #cut(share: number, done: boolean): void {
    this.#share = share;
    this.#showLine();
    this.#context.dirty();
    const write = () => this.#traits.write({ swipe: share });
    if (done) {
      this.#tell.cancel();
      write();
    } else {
      this.#tell.run(write);
    }
  }
}
