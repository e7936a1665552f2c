/** How values become brightness: stretch, contrast and bias, and the histogram that shows and makes them. */
import type { FitsRequests, FitsTraits } from '../../core/protocol';
import type { Requester } from '../../core/request';
import { equalised, type Shade } from '../../core/stretch';
import { Later } from '../common/dom';
import type { Traits } from '../common/traits';
import { Counting } from './counting';
import { HistogramPanel } from './histogram';
import type { Range, Shown } from './scene';

const DEBOUNCE = 200;
/** Bins of the histogram on show, and of the one that a histogram stretch is made of. */
const [BINS, CURVE] = [256, 1024];
/** Contrast and bias as they are to begin with, and how far they go. */
const PLAIN = { contrast: 1, bias: 0.5 };
const FARTHEST = { contrast: [0.05, 20], bias: [-1, 2] } as const;

export interface ShadingHooks {
  /** Values have other colours. */
  changed(): void;
  /** A limit is dragged on the histogram; with `done` the hand let go. */
  dragged(range: Range, done: boolean): void;
  failed(error: unknown): void;
}

export class Shading {
  readonly panel: HistogramPanel;
  readonly #traits: Traits<FitsTraits>;
  readonly #hooks: ShadingHooks;
  readonly #save = new Later(DEBOUNCE);
  #panelCounts: Counting | null = null;
  #curveCounts: Counting | null = null;
  #curve: Float32Array | null = null;
  #turned = { ...PLAIN };
  /** What the traits said last: what a hand has turned since is not written yet. */
  #known = { ...PLAIN };

  constructor(traits: Traits<FitsTraits>, hooks: ShadingHooks, signal: AbortSignal) {
    this.#traits = traits;
    this.#hooks = hooks;
    this.panel = new HistogramPanel((range, done) => hooks.dragged(range, done), signal);
    signal.addEventListener('abort', () => {
      this.#save.cancel();
      this.#panelCounts?.forget();
      this.#curveCounts?.forget();
    });
  }

  connect(requester: Requester<FitsRequests>): void {
    this.#panelCounts = new Counting(requester, error => this.#hooks.failed(error));
    this.#curveCounts = new Counting(requester, error => this.#hooks.failed(error));
  }

  get shade(): Shade {
    const [stretch, reverse] = [this.#traits.get('stretch'), this.#traits.get('reverse')];
    return { stretch, reverse, ...this.#turned, curve: this.#curve };
  }

  /** Whether contrast or bias are not as they were to begin with. */
  get moved(): boolean {
    return this.#turned.contrast !== PLAIN.contrast || this.#turned.bias !== PLAIN.bias;
  }

  /** Takes what Python or another view set. */
  read(): void {
    const told = { contrast: this.#traits.get('contrast'), bias: this.#traits.get('bias') };
    if (told.contrast !== this.#known.contrast || told.bias !== this.#known.bias) {
      this.#save.cancel();
      this.#turned = { ...told };
      this.#known = told;
    }
    this.panel.element.hidden = !this.#traits.get('histogram');
  }

  /** Forgets what was counted: another image is on show. */
  forget(): void {
    this.#panelCounts?.forget();
    this.#curveCounts?.forget();
    this.#curve = null;
    this.panel.setCounted(null);
  }

  /** Has the values counted for the histogram, where one is on show or makes the stretch. */
  count(shown: Shown | null, range: Range | null): void {
    this.panel.setRange(shown && range);
    if (!shown || !range) {
      return;
    }
    const between = { ...shown.where, low: range.low, high: range.high };
    if (this.#traits.get('histogram') && !this.panel.holds(range)) {
      this.#panelCounts?.ask({ ...between, bins: BINS, wide: true }, found =>
        this.panel.setCounted(found)
      );
    }
    if (this.#traits.get('stretch') === 'histogram') {
      this.#curveCounts?.ask({ ...between, bins: CURVE, wide: false }, ({ counts }) => {
        this.#curve = equalised(counts);
        this.#hooks.changed();
      });
    }
  }

  /** Turns contrast and bias by how far a hand moved: to the right is darker, upwards steeper. */
  turn(dx: number, dy: number): void {
    const within = (value: number, [least, most]: readonly [number, number]) =>
      Math.min(most, Math.max(least, value));
    const { contrast, bias } = this.#turned;
    this.#turned = {
      contrast: within(contrast * Math.exp(-3 * dy), FARTHEST.contrast),
      bias: within(bias + dx, FARTHEST.bias)
    };
    this.#hooks.changed();
    this.#save.run(() => this.#write());
  }

  reset(): void {
    this.#save.cancel();
    this.#turned = { ...PLAIN };
    this.#write();
    this.#hooks.changed();
  }

  #write(): void {
    this.#known = { ...this.#turned };
    this.#traits.write(this.#known);
  }
}
