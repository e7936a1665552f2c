/** One view of FitsFrames: the images, what moves them together, and how they lie. */
import type { FramesRequests, FramesTraits, Mode } from '../../core/frames';
import { isAbort, Requester, type Channel } from '../../core/request';
import { Divider } from '../common/divider';
import { make } from '../common/dom';
import { ErrorStrip } from '../common/errors';
import { greet } from '../common/greeting';
import { keepKeys } from '../common/keys';
import type { Host } from '../common/start';
import { Traits, type TraitModel } from '../common/traits';
import type { Neighbour } from '../fits/view';
import { Controls } from './controls';
import { Frame } from './frame';

const MODES: readonly Mode[] = ['side', 'blink', 'swipe'];

/** No part of an image takes any of these, so that each does one thing wherever the hand is. */
const HELP: Neighbour['help'] = [
  ['n, Shift n', 'the next image to the front, the one before'],
  ['m', 'side by side, one at a time, or under a divider'],
  ['b', 'show the images in turns, and pause']
];

/** Draws into `el` until `signal` ends it. */
export class FramesView {
  readonly #root: HTMLElement;
  readonly #signal: AbortSignal;
  readonly #host: Host;
  readonly #traits: Traits<FramesTraits>;
  readonly #errors = new ErrorStrip();
  readonly #controls: Controls;
  readonly #divider: Divider;
  /** Where the controls of the image at hand stand. */
  readonly #slot = make('div', { class: 'astrodata-fits astrodata-frames-slot' });
  readonly #stage = make('div', { class: 'astrodata-frames-stage' });
  #frames: readonly Frame[] = [];
  #turn = new AbortController();
  #requester: Requester<FramesRequests> | null = null;
  /** Which one is in front; while they blink the trait stays behind. */
  #front = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    model: TraitModel<FramesTraits>,
    el: HTMLElement,
    signal: AbortSignal,
    _rebuild: () => void,
    host: Host
  ) {
    this.#signal = signal;
    this.#host = host;
    this.#traits = new Traits(model, signal);
    this.#controls = new Controls({
      write: values => this.#write(values),
      pick: number => this.#pick(number)
    });
    this.#divider = new Divider((share, done) => {
      this.#divide(share);
      if (done) {
        this.#traits.write({ divider: share });
      }
    });
    this.#root = make(
      'div',
      { class: 'astrodata-widget astrodata-frames', 'aria-busy': 'true' },
      this.#controls.element,
      this.#errors.element,
      this.#slot,
      this.#stage
    );
    el.append(this.#root);
    keepKeys(this.#root);
    this.#root.addEventListener('keydown', event => this.#onKey(event));
    // The image that a hand is on has its controls shown, where all can be seen.
    this.#stage.addEventListener('pointerdown', event => this.#touched(event), true);
    this.#follow();
    signal.addEventListener('abort', () => this.#dispose());
  }

  connect(channel: Channel): void {
    this.#requester = new Requester<FramesRequests>(channel);
    this.#begin();
  }

  fail(error: unknown, retry?: () => void): void {
    this.#root.setAttribute('aria-busy', 'false');
    if (!isAbort(error)) {
      this.#errors.show(error, retry);
    }
  }

  /** Asks which images there are now, and shows them. */
  #begin(): void {
    const requester = this.#requester;
    if (requester) {
      void greet(requester, this.#signal, {
        starting: () => this.#root.setAttribute('aria-busy', 'true'),
        ask: async () => (await requester.request('describe', {}, this.#signal)).meta,
        begin: ({ names, sky }) => {
          this.#controls.setNames(names, sky);
          void this.#start(names);
        },
        failed: (error, retry) => this.fail(error, retry)
      });
    }
  }

  async #start(names: readonly string[]): Promise<void> {
    this.#turn.abort();
    const turn = (this.#turn = new AbortController());
    const signal = AbortSignal.any([this.#signal, turn.signal]);
    const refs = this.#traits.get('frames');
    this.#frames = refs.map(() => new Frame(this.#slot));
    this.#front = Math.min(this.#traits.get('active'), refs.length - 1);
    this.#stage.replaceChildren(...this.#frames.map(one => one.element), this.#divider.element);
    this.#frames.forEach((one, number) => one.setName(`${number + 1}  ${names[number] ?? ''}`));
    this.#show();
    try {
      await Promise.all(
        this.#frames.map((frame, number) =>
          frame.start(refs[number], this.#host, this.#neighbour(number), signal, this.#height)
        )
      );
    } catch (error) {
      this.fail(error);
    }
    this.#root.setAttribute('aria-busy', 'false');
  }

  #neighbour(number: number): Neighbour {
    const others = () => this.#frames.filter((_, other) => other !== number);
    return {
      help: HELP,
      moved: view => {
        if (this.#traits.get('linked')) {
          others().forEach(one => one.view?.look(view));
        }
      },
      hovered: point => {
        if (this.#traits.get('linked')) {
          others().forEach(one => one.view?.mirror(point));
        }
      }
    };
  }

  #follow(): void {
    const traits = this.#traits;
    traits.follow(['mode', 'align', 'playing', 'interval', 'linked', 'matched', 'divider'], () =>
      this.#show()
    );
    traits.follow(['active'], () => {
      this.#front = Math.min(traits.get('active'), this.#frames.length - 1);
      this.#show();
    });
    traits.follow(['height'], () => this.#frames.forEach(one => one.setHeight(this.#height)));
    traits.follow(['frames'], () => this.#begin());
  }

  get #height(): number {
    return this.#traits.get('height');
  }

  #write(values: Partial<FramesTraits>): void {
    if (values.align) {
      this.#frames.forEach(one => one.view?.settle()); // Python makes new viewers that look there
    }
    this.#traits.write(values);
    this.#show();
  }

  // --- how they lie -----------------------------------------------------------------------------

  #show(): void {
    const traits = this.#traits;
    const mode = traits.get('mode');
    this.#controls.show({
      mode,
      align: traits.get('align'),
      playing: traits.get('playing'),
      interval: traits.get('interval'),
      linked: traits.get('linked'),
      matched: traits.get('matched')
    });
    this.#stage.dataset.mode = mode;
    this.#divider.element.hidden = mode !== 'swipe';
    this.#divider.show(traits.get('divider'));
    this.#bringToFront(this.#front);
    clearInterval(this.#timer);
    if (mode === 'blink' && traits.get('playing')) {
      this.#timer = setInterval(() => this.#next(1), 1000 * traits.get('interval'));
    }
  }

  /** Puts one in front; under the divider lies the one after it. */
  #bringToFront(number: number): void {
    const [mode, playing] = [this.#traits.get('mode'), this.#traits.get('playing')];
    const held = this.#stage.contains(document.activeElement);
    this.#front = number;
    // Controls that change with each blink could not be used.
    const active = playing && mode === 'blink' ? this.#traits.get('active') : number;
    const under = (number + 1) % Math.max(1, this.#frames.length);
    this.#frames.forEach((frame, i) => {
      frame.setActive(i === active);
      const seen = mode === 'side' || i === number || (mode === 'swipe' && i === under);
      frame.element.classList.toggle('astrodata-frames-hidden', !seen);
      frame.element.classList.toggle('astrodata-frames-over', mode === 'swipe' && i === number);
    });
    if (held && mode === 'blink') {
      this.#frames[number]?.focus(); // what is hidden hears no keys
    }
    this.#divide(this.#traits.get('divider'));
    this.#controls.setActive(number);
  }

  #divide(share: number): void {
    this.#divider.show(share);
    this.#stage.style.setProperty('--astrodata-divider', `${100 * share}%`);
  }

  #pick(number: number): void {
    this.#bringToFront(number);
    this.#traits.write({ active: number, playing: false });
    this.#show();
  }

  #next(by: number): void {
    const count = this.#frames.length;
    if (count) {
      this.#bringToFront((this.#front + by + count) % count);
    }
  }

  #touched(event: PointerEvent): void {
    if (this.#traits.get('mode') === 'side') {
      const number = this.#frames.findIndex(one => one.element.contains(event.target as Node));
      if (number >= 0 && number !== this.#front) {
        this.#bringToFront(number);
        this.#traits.write({ active: number });
      }
    }
  }

  #onKey(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest('input, select')) {
      return;
    }
    const traits = this.#traits;
    const actions: Record<string, () => void> = {
      n: () => this.#step(1),
      N: () => this.#step(-1),
      m: () => this.#write({ mode: MODES[(MODES.indexOf(traits.get('mode')) + 1) % MODES.length] }),
      b: () =>
        this.#write(
          traits.get('mode') === 'blink'
            ? { playing: !traits.get('playing') }
            : { mode: 'blink', playing: true }
        )
    };
    if (Object.hasOwn(actions, event.key)) {
      event.preventDefault();
      event.stopPropagation();
      actions[event.key]();
    }
  }

  #step(by: number): void {
    const count = this.#frames.length;
    this.#pick((this.#front + by + count) % count);
    this.#frames[this.#front]?.focus();
  }

  #dispose(): void {
    clearInterval(this.#timer);
    this.#turn.abort();
    this.#requester?.dispose();
    this.#root.remove();
  }
}
