/** What hands and keys do on the pictures, told as changes of what is on show. */
import type { Requester } from '../../core/request';
import type { TracesMeta, WaveformRequests } from '../../core/waveforms';
import { asked } from '../common/feed';
import type { Lines } from './lines';
import type { Overview } from './overview';
import { pixelBox, tracesOf } from './picture';
import type { Place, PlotHooks } from './plot';
import { count, moved, samplesOf, scaled } from './ranges';
import type { Readout } from './readout';
import { panned, zoomed, type State } from './state';

/** Traces at a pixel that are drawn. */
const CROSSING = 12;

export interface HandsHost {
  /** Gives what is on show at this moment. */
  now(): {
    readonly state: State;
    readonly facts: TracesMeta | null;
    readonly requester: Requester<WaveformRequests> | null;
    readonly overview: Overview;
    readonly lines: Lines;
  };
  /** @param soon - The hand is still moving. */
  change(values: Partial<State>, soon?: boolean): void;
  step(by: number): void;
  play(): void;
  stop(): void;
  readonly readout: Readout;
  failed(error: unknown): void;
}

export class Hands {
  readonly #view: string;
  readonly #host: HandsHost;
  #crossing = new AbortController();
  /** Of a drag, less than a sample. */
  #owed = 0;

  /** @param view - Name of the view, by which the kernel tells one view's long work from another's. */
  constructor(view: string, host: HandsHost) {
    this.#view = view;
    this.#host = host;
  }

  get #now() {
    return this.#host.now();
  }

  /** Shows all samples and values. */
  fit(): void {
    this.#host.change({ time_range: null, value_range: null });
  }

  dispose(): void {
    this.#crossing.abort();
  }

  /** Does what a key means, and gives whether it means anything. */
  key(key: string, shift: boolean): boolean {
    const facts = this.#now.facts;
    if (!facts) {
      return false;
    }
    const pan = (share: number) => this.#host.change(panned(this.#now.state, facts, share), true);
    const zoom = (factor: number) =>
      this.#host.change(zoomed(this.#now.state, facts, factor), true);
    const step = (by: number) => this.#host.step(by);
    const actions: Record<string, () => void> = {
      ArrowLeft: () => (shift ? pan(-0.2) : step(-1)),
      ArrowRight: () => (shift ? pan(0.2) : step(1)),
      ArrowUp: () => step(-1),
      ArrowDown: () => step(1),
      PageUp: () => step(-10),
      PageDown: () => step(10),
      '+': () => zoom(1 / 1.5),
      '=': () => zoom(1 / 1.5),
      '-': () => zoom(1.5),
      _: () => zoom(1.5),
      Home: () => this.fit(),
      ' ': () => this.#host.play(),
      Escape: () => this.#host.stop()
    };
    const action = Object.hasOwn(actions, key) ? actions[key] : undefined;
    action?.();
    return !!action;
  }

  get overview(): PlotHooks {
    return {
      hover: at => {
        const pixel = at && this.#now.overview.pixelAt(at.x, at.y);
        if (pixel) {
          this.#host.readout.point(Math.round(at.x), this.#now.overview.text(pixel));
        } else {
          this.#host.readout.leave();
        }
      },
      pick: at => void this.#pick(at),
      box: (x, y) => {
        const facts = this.#now.facts;
        const persistence = this.#now.state.image === 'persistence';
        if (facts) {
          this.#host.change({
            time_range: samplesOf(x[0], x[1], facts.samples),
            ...(persistence && y ? { value_range: y } : {})
          });
        }
      },
      wheel: (at, factor, values) => {
        const shown = this.#now.overview.picture?.meta;
        if (values && shown?.image === 'persistence') {
          const range = this.#now.state.value_range ?? shown.values;
          this.#host.change({ value_range: scaled(range, at.y, factor) }, true);
        } else {
          this.#zoomTime(at, factor);
        }
      },
      reset: () => this.fit()
    };
  }

  get lines(): PlotHooks {
    return {
      hover: at => this.#readLines(at),
      pick: () => undefined,
      pan: (x, y) => this.#pan(x, y),
      wheel: (at, factor, values) => {
        if (values && this.#now.state.mode !== 'stack') {
          const range = this.#now.lines.values(this.#now.state.value_range);
          this.#host.change({ value_range: scaled(range, at.y, factor) }, true);
        } else {
          this.#zoomTime(at, factor);
        }
      },
      reset: () => this.fit()
    };
  }

  #zoomTime(at: Place, factor: number): void {
    if (this.#now.facts) {
      this.#host.change(zoomed(this.#now.state, this.#now.facts, factor, at.x), true);
    }
  }

  #pan(x: number, y: number): void {
    const facts = this.#now.facts;
    const { time_range: range, value_range: values } = this.#now.state;
    if (!facts || !(range || values)) {
      return;
    }
    const width = range ? range[1] - range[0] : 0;
    this.#owed -= x * width;
    const whole = Math.trunc(this.#owed);
    this.#owed -= whole;
    this.#host.change(
      {
        ...(range ? panned(this.#now.state, facts, whole / width) : {}),
        ...(values ? { value_range: moved(values, -y) } : {})
      },
      true
    );
  }

  #readLines(at: Place | null): void {
    const [facts, shown, requester] = [this.#now.facts, this.#now.lines.shown, this.#now.requester];
    if (!at || !facts || !shown || !requester) {
      this.#host.readout.leave();
      return;
    }
    const sample = Math.min(facts.samples - 1, Math.max(0, Math.round(at.x)));
    const { traces, shifts } = shown.meta;
    this.#host.readout.read(
      requester,
      traces,
      shifts.map(shift => sample + shift)
    );
  }

  /** Goes to the trace of a heat map's row, or draws the traces that cross a pixel. */
  async #pick(at: Place): Promise<void> {
    const [requester, picture] = [this.#now.requester, this.#now.overview.picture];
    const pixel = this.#now.overview.pixelAt(at.x, at.y);
    if (!requester || !picture || !pixel) {
      return;
    }
    if (picture.meta.image === 'heat map') {
      this.#host.change({ trace: tracesOf(picture, pixel.row)[0] });
      return;
    }
    if (!pixel.value) {
      return;
    }
    this.#crossing.abort();
    this.#crossing = new AbortController();
    const { signal } = this.#crossing;
    try {
      const msg = { where: this.#now.state.filter, view: this.#view, ...pixelBox(picture, pixel) };
      const { meta } = await asked(requester, 'crossing', msg, signal);
      const [first, ...others] = meta.traces.slice(0, CROSSING);
      if (first !== undefined) {
        this.#host.change({ trace: first, traces: others });
        const shown = Math.min(CROSSING, meta.total);
        this.#host.readout.point(
          Math.round(at.x),
          meta.total > shown
            ? `${count(meta.total)} traces cross here; the first ${shown} are drawn`
            : `${meta.total === 1 ? '1 trace crosses' : `${meta.total} traces cross`} here`
        );
      }
    } catch (error) {
      this.#host.failed(error);
    }
  }
}
