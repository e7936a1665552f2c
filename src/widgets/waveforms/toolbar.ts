/** The controls above the pictures. */
import { COLORMAPS } from '../../core/colormap';
import type { Colormap } from '../../core/protocol';
import type {
  Alignment,
  Brightness,
  Image,
  Mode,
  TracesMeta,
  WaveformTraits
} from '../../core/waveforms';
import { detachButton } from '../common/detach';
import { button, field, make, select } from '../common/dom';

export type Export = 'png' | 'csv';

/** What is drawn besides the traces themselves. */
export interface Extras {
  readonly pulses: boolean;
  readonly reconstruction: boolean;
  readonly residual: boolean;
}

export interface ToolbarHooks {
  change(values: Partial<WaveformTraits>): void;
  extras(extras: Extras): void;
  step(by: number): void;
  play(): void;
  fit(): void;
  clear(): void;
  export(what: Export): void;
}

export class Toolbar {
  readonly element: HTMLElement;
  readonly #image: HTMLSelectElement;
  readonly #brightness: HTMLSelectElement;
  readonly #colormap: HTMLSelectElement;
  readonly #mode: HTMLSelectElement;
  readonly #align: HTMLSelectElement;
  readonly #alignField: HTMLElement;
  readonly #brightnessField: HTMLElement;
  readonly #trace = make('input', { type: 'number', min: 0, step: 1, 'aria-label': 'Trace' });
  readonly #of = make('span', {});
  readonly #play: HTMLButtonElement;
  readonly #clear: HTMLButtonElement;
  readonly #boxes: Record<keyof Extras, HTMLInputElement>;
  readonly #extras: HTMLElement;

  constructor(hooks: ToolbarHooks) {
    this.#image = select<Image>('All traces as', named(['persistence', 'heat map']), image =>
      hooks.change({ image })
    );
    this.#brightness = select<Brightness>('Brightness', named(['linear', 'sqrt', 'log']), value =>
      hooks.change({ brightness: value })
    );
    this.#colormap = select<Colormap>('Colour map', named(COLORMAPS), colormap =>
      hooks.change({ colormap })
    );
    this.#mode = select<Mode>('Traces', named(['overlay', 'stack', 'align']), mode =>
      hooks.change({ mode })
    );
    this.#align = select<Alignment>('Align by', named(['peak', 'threshold']), align_by =>
      hooks.change({ align_by })
    );
    const jump = () => {
      delete this.#trace.dataset.edited;
      const trace = Math.round(this.#trace.valueAsNumber);
      if (Number.isFinite(trace)) {
        hooks.change({ trace });
      }
    };
    this.#trace.addEventListener('change', jump);
    this.#trace.addEventListener('input', () => (this.#trace.dataset.edited = ''));
    this.#play = button('▶', 'Play', 'Play: step through the traces (Space)', hooks.play);
    this.#clear = button('Only this', 'Only this trace', 'Draw this trace alone', hooks.clear);
    const box = (name: keyof Extras) => {
      const input = make('input', { type: 'checkbox' });
      input.checked = name !== 'residual';
      input.addEventListener('change', () => hooks.extras(this.extras));
      return input;
    };
    this.#boxes = {
      pulses: box('pulses'),
      reconstruction: box('reconstruction'),
      residual: box('residual')
    };
    this.#extras = make(
      'div',
      { class: 'astrodata-waveforms-boxes', role: 'group', 'aria-label': 'Also draw' },
      ...Object.entries(this.#boxes).map(([name, input]) => make('label', {}, input, name))
    );
    this.#alignField = field('Align by', this.#align);
    this.#brightnessField = field('Brightness', this.#brightness);
    this.element = make(
      'div',
      { class: 'astrodata-toolbar', role: 'group', 'aria-label': 'Display' },
      field('All traces as', this.#image),
      this.#brightnessField,
      field('Colour map', this.#colormap),
      this.#traceField(hooks),
      field('Several traces', this.#mode),
      this.#alignField,
      this.#extras,
      make(
        'div',
        { class: 'astrodata-buttons', role: 'group', 'aria-label': 'View and export' },
        this.#clear,
        button('Fit', 'Fit', 'Show all samples and values (Home)', hooks.fit),
        button('PNG', 'Save figure as PNG', 'Save the figure as PNG', () => hooks.export('png')),
        button('CSV', 'Save numbers as CSV', 'Save the lines on show as CSV', () =>
          hooks.export('csv')
        )
      ),
      detachButton()
    );
    this.#mode.setAttribute('aria-label', 'Several traces');
  }

  get extras(): Extras {
    const on = (name: keyof Extras) => this.#boxes[name].checked;
    return {
      pulses: on('pulses'),
      reconstruction: on('reconstruction'),
      residual: on('residual')
    };
  }

  setFacts({ traces, has_model: model }: TracesMeta): void {
    this.#trace.max = String(traces - 1);
    this.#of.textContent = `of ${traces.toLocaleString('en')}`;
    for (const name of ['reconstruction', 'residual'] as const) {
      this.#boxes[name].closest('label')!.hidden = !model;
    }
  }

  set(state: Omit<WaveformTraits, 'channel' | 'has_model'>, playing: boolean): void {
    this.#image.value = state.image;
    this.#brightness.value = state.brightness;
    this.#brightnessField.hidden = state.image !== 'persistence';
    this.#colormap.value = state.colormap;
    this.#mode.value = state.mode;
    this.#align.value = state.align_by;
    this.#alignField.hidden = state.mode !== 'align';
    if (this.#trace.dataset.edited === undefined) {
      this.#trace.value = String(state.trace);
    }
    this.#clear.hidden = !state.traces.some(trace => trace !== state.trace);
    this.#play.textContent = playing ? '❚❚' : '▶';
    this.#play.setAttribute('aria-label', playing ? 'Pause' : 'Play');
    this.#play.setAttribute('aria-pressed', String(playing));
  }

  #traceField(hooks: ToolbarHooks): HTMLElement {
    const row = make(
      'span',
      { class: 'astrodata-row' },
      button('‹', 'Previous trace', 'Previous trace (left arrow)', () => hooks.step(-1)),
      this.#trace,
      button('›', 'Next trace', 'Next trace (right arrow)', () => hooks.step(1)),
      this.#play,
      this.#of
    );
    return make('div', { class: 'astrodata-field' }, make('span', {}, 'Trace'), row);
  }
}

function named<const Value extends string>(values: readonly Value[]) {
  return values.map(value => ({ value, text: value }));
}
