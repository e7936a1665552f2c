/** One view of a StrainViewer: joins the controls, the panels, the traits and the kernel. */
import { Requester, type Channel } from '../../core/request';
import {
  PANELS,
  type Panel,
  type RecordMeta,
  type StrainRequests,
  type StrainTraits
} from '../../core/strain';
import { decode } from '../../core/wire';
import { Later, make } from '../common/dom';
import { download } from '../common/download';
import { ErrorStrip } from '../common/errors';
import { greet } from '../common/greeting';
import { keepKeys } from '../common/keys';
import { Notes } from '../common/notes';
import type { Startable } from '../common/start';
import { Traits, type TraitModel } from '../common/traits';
import { followTheme, themed } from '../common/theme';
import { AsdPanel, line, shade, TimePanel } from './curves';
import { asdCsv, figure, pictureCsv, seriesCsv, type Plate } from './export';
import { Feed, type FeedHooks } from '../common/feed';
import { Flags } from './flags';
import { neighbour, paintMarks } from './glitches';
import { ImagePanel } from './images';
import { short } from './numbers';
import { type PlotHooks } from '../common/plot';
import { Readout } from './readout';
import {
  centred,
  conditioned,
  conditioning,
  keyed,
  spanOf,
  spanTrait,
  windowed,
  zoomed,
  type State
} from './state';
import { Toolbar, type Export } from './toolbar';

const SAVE = 200;
const MOVING = 60;
const ROWS = 200;
/** A long record is conditioned in one go; nobody should be told that the kernel is dead meanwhile. */
const PATIENCE = 60_000;

const NAMES = [
  'center',
  'window',
  'span',
  'q',
  'frange',
  'whiten',
  'band',
  'notches',
  'panels',
  'colormap',
  'height'
] as const satisfies readonly (keyof State)[];

let views = 0;

/** Draws into `el` until `signal` ends it; several views of one model live side by side. */
export class StrainView implements Startable {
  readonly #root: HTMLElement;
  readonly #signal: AbortSignal;
  readonly #traits: Traits<StrainTraits>;
  readonly #toolbar: Toolbar;
  readonly #errors = new ErrorStrip();
  readonly #flags = new Flags();
  readonly #readout = new Readout();
  readonly #notes = new Notes();
  readonly #time: TimePanel;
  readonly #asd: AsdPanel;
  readonly #spectrogram: ImagePanel;
  readonly #q: ImagePanel;
  readonly #feeds: {
    series: Feed<StrainRequests, 'series'>;
    asd: Feed<StrainRequests, 'asd'>;
    spectrogram: Feed<StrainRequests, 'spectrogram'>;
    q: Feed<StrainRequests, 'q'>;
  };
  readonly #save = new Later(SAVE);
  readonly #moving = new Later(MOVING);
  #state: State;
  #requester: Requester<StrainRequests> | null = null;
  #record: RecordMeta | null = null;
  #starting = true;

  constructor(model: TraitModel<StrainTraits>, el: HTMLElement, signal: AbortSignal) {
    this.#signal = signal;
    this.#traits = new Traits(model, signal);
    this.#state = this.#read();
    this.#toolbar = new Toolbar({
      change: (values, soon) => this.#change(values, soon),
      whole: () => this.#change({ span: null }),
      zoom: factor => this.#key(factor < 1 ? '+' : '-', false),
      export: what => this.#export(what)
    });
    const sync = `astrodata-strain-${(views += 1)}`;
    this.#time = new TimePanel(
      {
        ...this.#timeHooks('time'),
        before: plot => this.#record && shade(plot, ...this.#window()),
        after: plot => paintMarks(plot, this.#record?.glitches ?? [], false)
      },
      sync,
      signal,
      this.#flags.element
    );
    this.#asd = new AsdPanel(
      {
        ...this.#timeHooks('asd'),
        pick: () => undefined,
        zoom: () => undefined,
        wheel: () => undefined,
        reset: () => undefined,
        after: plot => {
          const { band, notches } = this.#state;
          for (const edge of band ?? []) {
            if (edge !== null) {
              line(plot, edge, false);
            }
          }
          notches.forEach(notch => line(plot, notch, true));
        }
      },
      signal
    );
    this.#spectrogram = new ImagePanel(
      'spectrogram',
      'Spectrogram',
      this.#timeHooks('spectrogram'),
      sync,
      signal
    );
    this.#q = new ImagePanel(
      'q',
      'Q-transform',
      {
        ...this.#timeHooks('q'),
        zoom: (low, high) => this.#record && this.#change(windowed([low, high], this.#record)),
        wheel: (_x, factor) =>
          this.#change(
            {
              window: Number(Math.min(8, Math.max(0.5, this.#state.window * factor)).toPrecision(3))
            },
            true
          ),
        reset: () => this.#change({ window: 2 })
      },
      sync,
      signal
    );
    this.#feeds = this.#makeFeeds();
    this.#root = make(
      'div',
      { class: 'astrodata-widget astrodata-strain', 'aria-busy': 'true' },
      this.#toolbar.element,
      this.#errors.element,
      make(
        'div',
        { class: 'astrodata-strain-body' },
        make(
          'div',
          { class: 'astrodata-strain-panels' },
          ...PANELS.map(panel => this.#panel(panel).frame.element)
        )
      ),
      this.#readout.element,
      this.#notes.element
    );
    el.append(this.#root);
    keepKeys(this.#root);
    this.#listen();
    this.#traits.follow(NAMES, () => this.#follow());
    this.#show();
    signal.addEventListener('abort', () => this.#dispose());
  }

  /** Greets the kernel on the data channel and shows the record. */
  connect(channel: Channel): void {
    this.#requester = new Requester<StrainRequests>(channel, { timeout: PATIENCE });
    void this.#greet(this.#requester);
  }

  /** Tells what went wrong, and offers a remedy. */
  fail(error: unknown, retry?: () => void): void {
    this.#starting = false;
    this.#errors.show(error, retry);
    this.#showBusy();
  }

  #greet(requester: Requester<StrainRequests>): Promise<void> {
    return greet(requester, this.#signal, {
      starting: () => (this.#starting = true),
      ask: async () => (await requester.request('describe', {}, this.#signal)).meta,
      begin: record => {
        this.#setRecord(record);
        this.#starting = false;
        this.#show();
      },
      failed: (error, retry) => this.fail(error, retry)
    });
  }

  #setRecord(record: RecordMeta): void {
    this.#record = record;
    this.#toolbar.setRecord(record);
    this.#flags.set(record.flags);
    this.#readout.setRecord(record);
    const label = record.gps ? `seconds after GPS ${record.epoch}` : 'seconds';
    for (const panel of ['time', 'spectrogram', 'q'] as const) {
      this.#panel(panel).frame.plot.label(label);
    }
    this.#notes.set(record.warnings, 'this record');
  }

  // --- what Python and the person say -----------------------------------------------------------

  #read(): State {
    return Object.fromEntries(
      NAMES.map(name => [name, this.#traits.get(name)])
    ) as unknown as State;
  }

  #follow(): void {
    this.#save.cancel();
    this.#state = this.#read();
    this.#show();
  }

  /** @param soon - The control is still moving: what is asked for may wait for a moment. */
  #change(values: Partial<State>, soon = false): void {
    this.#state = { ...this.#state, ...values };
    this.#save.run(() => this.#traits.write(this.#state));
    this.#show(soon);
  }

  #key(key: string, shift: boolean): boolean {
    const record = this.#record;
    if (!record) {
      return false;
    }
    const step = { n: 1, N: 1, p: -1, P: -1 }[key] as 1 | -1 | undefined;
    if (step) {
      const found = neighbour(record.glitches, this.#state.center - record.epoch, step);
      if (found) {
        this.#change(centred(this.#state, record, found.time));
      }
      return true;
    }
    const values = keyed(key, shift, this.#state, record);
    if (values) {
      this.#change(values, 'q' in values || 'window' in values || 'center' in values);
    }
    return values !== null;
  }

  #listen(): void {
    this.#root.addEventListener(
      'keydown',
      event => {
        const onPanel = (event.target as HTMLElement).closest('.astrodata-strain-plot');
        const plain = !(event.ctrlKey || event.metaKey || event.altKey);
        if (onPanel && plain && this.#key(event.key, event.shiftKey)) {
          event.preventDefault();
          event.stopPropagation();
        }
      },
      { signal: this.#signal }
    );
    followTheme(() => {
      for (const panel of PANELS) {
        this.#panel(panel).frame.plot.redraw();
      }
    }, this.#signal);
    const resized = new Later(150);
    const sizes = new ResizeObserver(() => resized.run(() => this.#ask()));
    sizes.observe(this.#root);
    this.#signal.addEventListener('abort', () => {
      sizes.disconnect();
      resized.cancel();
    });
  }

  #timeHooks(panel: Panel): PlotHooks {
    return {
      hover: at => this.#hover(panel, at),
      pick: time => this.#record && this.#change(centred(this.#state, this.#record, time)),
      zoom: (low, high) =>
        this.#record && this.#change({ span: spanTrait([low, high], this.#record) }),
      wheel: (time, factor) =>
        this.#record &&
        this.#change({ span: zoomed(this.#state, this.#record, time, factor) }, true),
      reset: () => this.#change({ span: null })
    };
  }

  #hover(panel: Panel, at: { x: number; y: number } | null): void {
    if (!at) {
      this.#readout.point(null);
    } else if (panel === 'asd') {
      this.#readout.point({ frequency: at.x, value: this.#asd.valueAt(at.x) });
    } else if (panel === 'time') {
      this.#readout.point({ time: at.x, value: this.#time.valueAt(at.x) });
    } else {
      const value = this.#panel(panel).valueAt(at.x, at.y);
      const text =
        value === null
          ? ''
          : Number.isNaN(value)
            ? 'no data'
            : panel === 'q'
              ? `energy ${short(value, 3)}`
              : `${short(10 ** value, 3)} ${this.#unit}`;
      this.#readout.point({ time: at.x, frequency: at.y, value: text });
    }
  }

  // --- what is on show --------------------------------------------------------------------------

  #panel<P extends Panel>(panel: P) {
    const panels = {
      time: this.#time,
      asd: this.#asd,
      spectrogram: this.#spectrogram,
      q: this.#q
    } as const;
    return panels[panel] as (typeof panels)[P];
  }

  /** Unit of the spectrogram on show. */
  #unit = '';

  /** Gives the seconds of the record that the Q-transform spans, and its middle. */
  #window(): [low: number, high: number, middle: number] {
    const middle = this.#state.center - (this.#record?.epoch ?? 0);
    const half = this.#state.window / 2;
    return [middle - half, middle + half, middle];
  }

  #show(soon = false): void {
    const { panels, height, colormap } = this.#state;
    this.#toolbar.set(this.#state);
    this.#root.style.setProperty('--astrodata-strain-height', `${height}px`);
    for (const panel of PANELS) {
      this.#panel(panel).frame.shown = panels.includes(panel);
    }
    this.#spectrogram.setColormap(colormap);
    this.#q.setColormap(colormap);
    if (this.#record) {
      this.#look();
    }
    if (soon) {
      this.#moving.run(() => this.#ask());
    } else {
      this.#moving.cancel();
      this.#ask();
    }
  }

  /** Moves what is painted already; what is sharper comes later. */
  #look(): void {
    const record = this.#record!;
    const span = spanOf(this.#state, record);
    const [low, high, middle] = this.#window();
    const { glitches } = record;
    this.#flags.look(span);
    this.#time.frame.plot.look([...span]);
    this.#asd.frame.plot.redraw();
    this.#spectrogram.frame.plot.look([...span]);
    this.#spectrogram.setOverlay({ glitches, shaded: [low, high, middle] });
    this.#q.frame.plot.look([Math.max(0, low), Math.min(record.duration, high)]);
    this.#q.setOverlay({ glitches, shaded: null });
  }

  #ask(): void {
    const [requester, record] = [this.#requester, this.#record];
    if (!requester || !record) {
      return;
    }
    const { q, window, frange, panels } = this.#state;
    const settings = conditioning(this.#state);
    const [start, stop] = spanOf(this.#state, record);
    const center = this.#window()[2];
    const ask = {
      time: () =>
        this.#feeds.series.ask(requester, {
          start,
          stop,
          columns: this.#columns('time', 2000),
          settings
        }),
      asd: () => this.#feeds.asd.ask(requester, { center, window, settings }),
      spectrogram: () =>
        this.#feeds.spectrogram.ask(requester, {
          start,
          stop,
          frange,
          columns: this.#columns('spectrogram', 800),
          rows: ROWS,
          settings
        }),
      q: () =>
        this.#feeds.q.ask(requester, {
          center,
          window,
          q,
          frange,
          columns: this.#columns('q', 1000),
          rows: ROWS,
          settings
        })
    };
    // The newest request is answered first: what follows the controls most closely is asked for last.
    for (const panel of PANELS.filter(each => panels.includes(each))) {
      void ask[panel]();
    }
  }

  /** Gives how many columns a panel can show, in steps so that a small resize asks for nothing. */
  #columns(panel: Panel, most: number): number {
    const pixels = this.#panel(panel).frame.plot.width * (globalThis.devicePixelRatio || 1);
    return Math.min(most, Math.max(100, 100 * Math.ceil(pixels / 100)));
  }

  #makeFeeds() {
    const hooks = <Meta>(panel: Panel, got: FeedHooks<Meta>['got']): FeedHooks<Meta> => ({
      got: reply => {
        got(reply);
        if (!Object.values(this.#feeds).some(feed => feed.failed)) {
          this.#errors.clear();
        }
      },
      failed: error => this.fail(error, () => this.#ask()),
      changed: () => {
        const kind = panel === 'time' ? 'series' : panel;
        this.#panel(panel).frame.busy = this.#feeds[kind].busy;
        this.#showBusy();
      }
    });
    return {
      series: new Feed<StrainRequests, 'series'>('series', {
        ...hooks('time', ({ meta, buffers }) =>
          this.#time.show(meta, decode(meta, buffers[0]), this.#what())
        )
      }),
      asd: new Feed<StrainRequests, 'asd'>('asd', {
        ...hooks('asd', ({ meta, buffers }) =>
          this.#asd.show(
            meta,
            decode(meta.whole, buffers[0]),
            decode(meta.selected, buffers[1]),
            short(this.#state.window, 3)
          )
        )
      }),
      spectrogram: new Feed<StrainRequests, 'spectrogram'>('spectrogram', {
        ...hooks('spectrogram', ({ meta, buffers }) => {
          this.#unit = meta.unit;
          const labels = meta.limits.map(log => short(10 ** log, 2)) as [string, string];
          const title = `Spectrogram, ${this.#what()}, ${meta.unit}`;
          const told =
            `${title}, ${short(meta.low, 3)} to ${short(meta.high, 3)} Hz, ` +
            `stretches of ${short(meta.seconds, 3)} s`;
          this.#spectrogram.show(meta, decode(meta, buffers[0]), meta.limits, labels, title, told);
        })
      }),
      q: new Feed<StrainRequests, 'q'>('q', {
        ...hooks('q', ({ meta, buffers }) => {
          const { peak } = meta;
          const high = Math.min(100, Math.max(20, peak?.energy ?? 0));
          const beyond = (peak?.energy ?? 0) > high ? '≥ ' : '';
          // The outermost rows' middles are the frequencies that were asked for.
          const half = (meta.high / meta.low) ** (0.5 / meta.shape[1]);
          const frange: [number, number] = [meta.low * half, meta.high / half];
          const reach = this.#reach(frange);
          const title = `Q-transform, Q ${short(meta.q, 3)}, energy over median noise${reach}`;
          const told = peak
            ? `${title}: peak ${short(peak.energy, 3)} at ${short(peak.frequency, 3)} Hz, ` +
              `${peak.time.toFixed(3)} s`
            : `${title}: no data`;
          this.#readout.setPeak(peak);
          const limits = [0, high] as const;
          const labels = ['0', `${beyond}${short(high, 3)}`] as const;
          this.#q.show(meta, decode(meta, buffers[0]), limits, labels, title, told, frange);
        })
      })
    };
  }

  /** Gives in words that tiles of this Q do not reach all frequencies that were asked for. */
  #reach([low, high]: [number, number]): string {
    const [first, last] = this.#state.frange;
    const parts = [
      low > 1.01 * first ? `from ${short(low, 3)} Hz` : '',
      high < 0.99 * last ? `up to ${short(high, 3)} Hz` : ''
    ].filter(part => part !== '');
    return parts.length ? ` (this Q reaches ${parts.join(', ')})` : '';
  }

  #what(): string {
    return conditioned(conditioning(this.#state));
  }

  #showBusy(): void {
    const busy = this.#starting || Object.values(this.#feeds).some(feed => feed.busy);
    this.#root.setAttribute('aria-busy', String(busy));
  }

  // --- what a person takes along ----------------------------------------------------------------

  #export(what: Export): void {
    const record = this.#record;
    if (!record) {
      return;
    }
    const stem = record.name.replace(/\.[^.]*$/, '') || 'strain';
    const csv = (text: string) =>
      download(`${stem}-${what}.csv`, new Blob([text], { type: 'text/csv' }));
    if (what === 'png') {
      this.#figure(record).toBlob(blob => blob && download(`${stem}.png`, blob), 'image/png');
      return;
    }
    const { epoch } = record;
    if (what === 'time') {
      const shown = this.#time.shownData;
      return shown ? csv(seriesCsv(shown.meta, shown.array, epoch)) : this.#nothing(what);
    }
    if (what === 'asd') {
      const shown = this.#asd.shownData;
      return shown ? csv(asdCsv(shown, shown.whole, shown.selected)) : this.#nothing(what);
    }
    const shown = this.#panel(what).shownData;
    const values = what === 'q' ? 'energy' : `log10 of ${this.#unit}`;
    return shown ? csv(pictureCsv(shown, epoch, values)) : this.#nothing(what);
  }

  #nothing(panel: Panel): void {
    this.fail(`There is nothing to save yet: show the panel ${panel} first.`);
  }

  #figure(record: RecordMeta): HTMLCanvasElement {
    const plates: Plate[] = PANELS.filter(panel => this.#state.panels.includes(panel)).map(
      panel => {
        const { frame } = this.#panel(panel);
        const plate = { title: frame.title, canvas: frame.plot.canvas };
        const span = spanOf(this.#state, record);
        if (panel === 'time') {
          return { ...plate, flags: { flags: this.#flags.shown, span } };
        }
        return panel === 'asd' ? plate : { ...plate, bar: this.#panel(panel).bar };
      }
    );
    const start = record.gps ? `, from GPS ${record.epoch}` : '';
    return figure(
      plates,
      `${record.name}${start}`,
      {
        background: getComputedStyle(this.#root).backgroundColor || '#fff',
        text: themed(this.#root, '--astrodata-text'),
        bar: themed(this.#root, '--astrodata-focus')
      },
      globalThis.devicePixelRatio || 1
    );
  }

  #dispose(): void {
    this.#save.cancel();
    this.#moving.cancel();
    this.#requester?.dispose();
    this.#root.remove();
  }
}
