/** What a view asks the kernel for, and which part of it shows the answers. */
import type { Reply, Requester } from '../../core/request';
import type {
  EnvelopeMeta,
  Line,
  PageMeta,
  PictureMeta,
  TracesMeta,
  WaveformRequests
} from '../../core/waveforms';
import { decode } from '../../core/wire';
import { Later } from '../common/dom';
import { Feed, type FeedHooks } from '../common/feed';
import type { FilterBar } from './filterbar';
import { withLimits } from './filters';
import { fetched, type Lines } from './lines';
import type { Overview } from './overview';
import type { Picture } from './picture';
import { drawnTraces, samplesShown, type State } from './state';
import type { Table } from './table';
import type { Extras } from './toolbar';

const BINS = 44;
/** Milliseconds until features are looked for again while they are measured. */
const MEASURING = 500;
const NOTHING = 'No trace passes the filter. Widen or clear it.';

export interface SourceHooks {
  readonly overview: Overview;
  readonly lines: Lines;
  readonly table: Table;
  readonly filterBar: FilterBar;
  failed(error: unknown): void;
  /** What failed before works again. */
  mended(): void;
  /** Work began or ended. */
  changed(): void;
  state(): State;
}

export class Sources {
  readonly #view: string;
  readonly #hooks: SourceHooks;
  readonly #picture: Feed<WaveformRequests, 'picture'>;
  readonly #envelope: Feed<WaveformRequests, 'envelope'>;
  readonly #pulses: Feed<WaveformRequests, 'pulses'>;
  readonly #page: Feed<WaveformRequests, 'table'>;
  readonly #histograms = new Map<string, Feed<WaveformRequests, 'histogram'>>();
  readonly #again = new Later(MEASURING);
  readonly #failing = new Set<string>();
  #requester: Requester<WaveformRequests> | null = null;
  #facts: TracesMeta | null = null;
  /** Share of the features that are measured. */
  #progress: number | null = null;
  #total: number | null = null;
  /** Trace whose row was brought into sight last. */
  #revealed: number | null = null;
  /** Filter and order of the rows that are here. */
  #rows = '';

  constructor(view: string, hooks: SourceHooks) {
    this.#view = view;
    this.#hooks = hooks;
    this.#picture = new Feed(
      'picture',
      this.#feedHooks('picture', r => this.#gotPicture(r))
    );
    this.#envelope = new Feed(
      'envelope',
      this.#feedHooks('envelope', r => this.#gotLines(r))
    );
    this.#pulses = new Feed(
      'pulses',
      this.#feedHooks('pulses', ({ meta }) => this.#hooks.lines.setPulses(meta.pulses))
    );
    this.#page = new Feed(
      'table',
      this.#feedHooks('table', ({ meta }) => this.#gotPage(meta))
    );
  }

  get busy(): boolean {
    return (
      this.#progress !== null ||
      [this.#picture, this.#envelope, this.#pulses, this.#page, ...this.#histograms.values()].some(
        feed => feed.busy
      )
    );
  }

  connect(requester: Requester<WaveformRequests>, facts: TracesMeta): void {
    this.#requester = requester;
    this.#facts = facts;
  }

  /** Asks for what a state shows; what is here already is not asked for again. */
  ask(state: State, extras: Extras): void {
    const [requester, facts] = [this.#requester, this.#facts];
    if (!requester || !facts) {
      return;
    }
    const samples = samplesShown(state, facts);
    const traces = drawnTraces(state, facts);
    const align = state.mode === 'align' ? state.align_by : null;
    // The newest request is answered first: what is looked at most closely is asked for last.
    this.#askHistograms(requester, state);
    this.page(state);
    const { width, height } = this.#hooks.overview.panel.plot.size;
    const density = Math.min(2, globalThis.devicePixelRatio || 1);
    void this.#picture.ask(requester, {
      image: state.image,
      columns: stepped(width * density),
      rows: Math.max(1, Math.round(height * density)),
      samples,
      values: state.image === 'persistence' ? state.value_range : null,
      where: state.filter,
      view: this.#view
    });
    if (extras.pulses) {
      void this.#pulses.ask(requester, { traces, align });
    } else {
      this.#pulses.forget();
      this.#hooks.lines.setPulses([]);
    }
    const lines: Line[] = ['data'];
    if (facts.has_model) {
      lines.push(...(['reconstruction', 'residual'] as const).filter(line => extras[line]));
    }
    void this.#envelope.ask(requester, {
      traces,
      start: samples[0],
      stop: samples[1],
      columns: stepped(this.#hooks.lines.panel.plot.size.width * density),
      align,
      lines
    });
  }

  /** Asks for the rows that are looked at. */
  page(state: State): void {
    if (!this.#requester) {
      return;
    }
    const { filter: where, sort, trace } = state;
    const rows = JSON.stringify([where, sort]);
    if (rows !== this.#rows) {
      this.#rows = rows;
      this.#hooks.table.forget();
    }
    void this.#page.ask(this.#requester, { ...this.#hooks.table.wanted, where, sort, trace });
  }

  dispose(): void {
    this.#again.cancel();
    for (const feed of [this.#picture, this.#envelope, this.#pulses, this.#page]) {
      feed.forget();
    }
    this.#histograms.forEach(feed => feed.forget());
  }

  #askHistograms(requester: Requester<WaveformRequests>, state: State): void {
    for (const column of this.#hooks.table.brushed) {
      let feed = this.#histograms.get(column);
      if (!feed) {
        feed = new Feed(
          'histogram',
          this.#feedHooks(`histogram ${column}`, ({ meta, buffers }) =>
            this.#hooks.table.setHistogram(meta, decode(meta, buffers[0]))
          )
        );
        this.#histograms.set(column, feed);
      }
      // A column's own limits do not thin its own histogram out.
      const where = withLimits(state.filter, column, null);
      void feed.ask(requester, { column, bins: BINS, where });
    }
  }

  #gotPicture({ meta, buffers }: Reply<PictureMeta>): void {
    const { overview } = this.#hooks;
    overview.panel.notice(meta.total ? null : NOTHING);
    if (!meta.total || !meta.values || !meta.shape) {
      overview.show(null);
      overview.panel.say('No trace');
      return;
    }
    const firsts =
      buffers.length > 1 ? decode({ shape: [1, 1, meta.shape[1]], dtype: 'i4' }, buffers[1]) : null;
    overview.show({ meta: meta as Picture['meta'], array: decode(meta, buffers[0]), firsts });
    const state = this.#hooks.state();
    overview.look(samplesShown(state, this.#facts!), state.value_range);
  }

  #gotLines({ meta, buffers }: Reply<EnvelopeMeta>): void {
    const { lines, overview } = this.#hooks;
    const state = this.#hooks.state();
    const shown = fetched(meta, buffers);
    lines.show(shown, state.mode, samplesShown(state, this.#facts!), state.value_range);
    overview.mark(meta.traces[0], shown.drawn[0]);
  }

  #gotPage(meta: PageMeta): void {
    const { table } = this.#hooks;
    const state = this.#hooks.state();
    const before = table.brushed.join();
    table.show(meta);
    table.notice(meta.total ? null : NOTHING);
    this.#total = meta.total;
    this.#progress = meta.progress;
    if (this.#revealed !== state.trace && meta.place !== null) {
      this.#revealed = state.trace;
      table.reveal(meta.place);
    }
    if (meta.progress !== null) {
      this.#again.run(() => {
        this.#page.forget();
        this.page(this.#hooks.state());
      });
    }
    if (this.#requester && table.brushed.join() !== before) {
      this.#askHistograms(this.#requester, state);
    }
  }

  #feedHooks<Meta>(name: string, got: FeedHooks<Meta>['got']): FeedHooks<Meta> {
    return {
      got: reply => {
        got(reply);
        if (this.#failing.delete(name) && !this.#failing.size) {
          this.#hooks.mended();
        }
      },
      failed: error => {
        this.#failing.add(name);
        this.#hooks.failed(error);
      },
      changed: () => this.#showProgress()
    };
  }

  #showProgress(): void {
    const { overview, lines, filterBar } = this.#hooks;
    overview.panel.busy(doing(this.#picture));
    lines.panel.busy(doing(this.#envelope));
    const measuring =
      this.#progress === null ? doing(this.#page, '') : `measuring ${percent(this.#progress)}`;
    filterBar.count(this.#total, this.#facts?.traces ?? 0, measuring || null);
    this.#hooks.changed();
  }
}

function doing(
  feed: Pick<Feed<WaveformRequests, keyof WaveformRequests>, 'busy' | 'later'>,
  otherwise = 'loading…'
): string | null {
  const { later } = feed;
  return later ? `${later.doing} ${percent(later.progress)}` : feed.busy ? otherwise : null;
}

function percent(share: number): string {
  return `${Math.floor(100 * share)} %`;
}

/** Gives a number of columns in steps, so that a small resize asks for nothing. */
function stepped(pixels: number): number {
  return Math.min(4000, Math.max(50, 10 * Math.round(pixels / 10)));
}
