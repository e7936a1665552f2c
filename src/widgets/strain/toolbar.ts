/** The controls above the panels. */
import { COLORMAPS } from '../../core/colormap';
import type { Colormap } from '../../core/protocol';
import {
  PANELS,
  type Glitch,
  type Panel,
  type RecordMeta,
  type StrainTraits
} from '../../core/strain';
import { detachButton } from '../common/detach';
import { button, field, make, select, setChoices } from '../common/dom';
import { ListControl, LogSlider, onEntry, PairControl } from './controls';
import { glitchText } from './glitches';

export const PANEL_NAMES: Record<Panel, string> = {
  time: 'Time',
  asd: 'ASD',
  spectrogram: 'Spectrogram',
  q: 'Q'
};

export type Export = 'png' | Panel;

export interface ToolbarHooks {
  /** Settings that a person changed; `soon` for those that are still moving. */
  change(values: Partial<StrainTraits>, soon?: boolean): void;
  whole(): void;
  zoom(factor: number): void;
  export(what: Export): void;
}

export class Toolbar {
  readonly element: HTMLElement;
  readonly #hooks: ToolbarHooks;
  readonly #whiten = make('input', { type: 'checkbox', 'aria-label': 'Whiten' });
  readonly #band: PairControl;
  readonly #notches: ListControl;
  readonly #frange: PairControl;
  readonly #q: LogSlider;
  readonly #window: LogSlider;
  readonly #center: HTMLInputElement;
  readonly #colormap: HTMLSelectElement;
  readonly #glitch: HTMLSelectElement;
  readonly #glitchField: HTMLElement;
  readonly #panels = new Map<Panel, HTMLButtonElement>();
  #record: RecordMeta | null = null;

  constructor(hooks: ToolbarHooks) {
    this.#hooks = hooks;
    this.#whiten.addEventListener('change', () => hooks.change({ whiten: this.#whiten.checked }));
    this.#band = new PairControl(
      {
        captions: ['Band from, Hz', 'to, Hz'],
        labels: ['Band-pass from', 'Band-pass to'],
        open: true,
        title: 'Band-pass in Hz; leave a side empty to keep it open'
      },
      ([low, high]) => hooks.change({ band: low === null && high === null ? null : [low, high] })
    );
    this.#notches = new ListControl(
      'Notches, Hz',
      'Notches',
      'Frequencies of lines to take out, with commas between them',
      notches => hooks.change({ notches })
    );
    this.#frange = new PairControl(
      {
        captions: ['Show from, Hz', 'to, Hz'],
        labels: ['Show from', 'Show to'],
        open: false,
        title: 'Frequencies of spectrogram and Q-transform'
      },
      pair => hooks.change({ frange: pair as [number, number] })
    );
    this.#q = new LogSlider('Q', [4, 64], '', 'Small Q shows when, large Q at which frequency', q =>
      hooks.change({ q }, true)
    );
    this.#window = new LogSlider(
      'Window',
      [0.5, 8],
      ' s',
      'Seconds that the Q-transform and the selected ASD span',
      window => hooks.change({ window }, true)
    );
    this.#center = make('input', {
      type: 'number',
      step: 'any',
      class: 'astrodata-strain-center',
      'aria-label': 'Centre',
      autocomplete: 'off'
    });
    onEntry(this.#center, () => this.#pickCenter());
    this.#colormap = select<Colormap>(
      'Colour map',
      COLORMAPS.map(value => ({ value, text: value })),
      colormap => hooks.change({ colormap })
    );
    this.#glitch = select('Glitch', [], index => this.#pickGlitch(Number(index)));
    this.#glitchField = field('Glitch', this.#glitch);
    this.#glitchField.hidden = true;
    this.element = make(
      'div',
      { class: 'astrodata-toolbar', role: 'group', 'aria-label': 'Strain' },
      group('Conditioning', this.#whitenField(), ...this.#band.elements, this.#notches.element),
      group(
        'Q-transform',
        field('Centre', this.#center),
        this.#window.element,
        this.#q.element,
        ...this.#frange.elements
      ),
      this.#glitchField,
      group('Display', field('Colours', this.#colormap), this.#zoomButtons(), this.#panelButtons()),
      this.#exports(),
      detachButton()
    );
  }

  setRecord(record: RecordMeta): void {
    this.#record = record;
    const nyquist = record.sample_rate / 2;
    this.#band.limit(nyquist);
    this.#notches.limit(nyquist);
    // The highest frequency itself may be shown.
    this.#frange.limit(nyquist * (1 + 1e-9));
    const unit = record.gps ? 'GPS seconds' : 'seconds';
    this.#center.title = `Middle of the Q-transform in ${unit}; a click on a panel sets it too`;
    const caption = this.#center.parentElement?.firstElementChild;
    caption?.replaceChildren(`Centre, ${record.gps ? 'GPS s' : 's'}`);
    this.#glitchField.hidden = !record.glitches.length;
    setChoices(this.#glitch, [
      { value: '', text: 'go to…' },
      ...record.glitches.map((glitch, i) => ({ value: String(i), text: glitchText(glitch) }))
    ]);
  }

  set(traits: Omit<StrainTraits, 'channel'>): void {
    this.#whiten.checked = traits.whiten;
    this.#band.set(...(traits.band ?? [null, null]));
    this.#notches.set(traits.notches);
    this.#frange.set(...traits.frange);
    this.#q.set(traits.q);
    this.#window.set(traits.window);
    this.#center.value = String(Number(traits.center.toFixed(6)));
    this.#colormap.value = traits.colormap;
    for (const [panel, toggle] of this.#panels) {
      toggle.setAttribute('aria-pressed', String(traits.panels.includes(panel)));
    }
  }

  #whitenField(): HTMLElement {
    return make(
      'label',
      {
        class: 'astrodata-strain-check',
        title: 'Divide by the noise of the whole record (W on a panel)'
      },
      this.#whiten,
      'Whiten'
    );
  }

  #pickCenter(): void {
    const [record, center] = [this.#record, this.#center.valueAsNumber];
    if (!record) {
      return;
    }
    const end = record.epoch + record.duration;
    const wrong =
      center >= record.epoch && center <= end
        ? ''
        : `The record lasts from ${record.epoch} to ${end} s.`;
    this.#center.setCustomValidity(wrong);
    this.#center.setAttribute('aria-invalid', String(!!wrong));
    if (wrong) {
      this.#center.reportValidity();
    } else {
      this.#hooks.change({ center });
    }
  }

  #pickGlitch(index: number): void {
    const glitch: Glitch | undefined = this.#record?.glitches[index];
    if (glitch && this.#glitch.value !== '') {
      this.#hooks.change({ center: this.#record!.epoch + glitch.time });
    }
    this.#glitch.value = '';
  }

  #zoomButtons(): HTMLElement {
    return make(
      'div',
      { class: 'astrodata-buttons', role: 'group', 'aria-label': 'Zoom in time' },
      button('All', 'Whole record', 'Whole record (0 on a panel)', () => this.#hooks.whole()),
      button('+', 'Zoom in', 'Zoom in about the centre (+ on a panel)', () =>
        this.#hooks.zoom(0.5)
      ),
      button('−', 'Zoom out', 'Zoom out (- on a panel)', () => this.#hooks.zoom(2))
    );
  }

  #panelButtons(): HTMLElement {
    for (const panel of PANELS) {
      const name = PANEL_NAMES[panel];
      this.#panels.set(
        panel,
        button(name, `Panel ${name}`, `Show or hide this panel`, () => {
          const shown = PANELS.filter(
            each =>
              (this.#panels.get(each)!.getAttribute('aria-pressed') === 'true') !== (each === panel)
          );
          if (shown.length) {
            this.#hooks.change({ panels: shown });
          }
        })
      );
    }
    return make(
      'div',
      { class: 'astrodata-buttons', role: 'group', 'aria-label': 'Panels' },
      ...this.#panels.values()
    );
  }

  #exports(): HTMLElement {
    const choices = [
      { value: '', text: 'Export…' },
      { value: 'png', text: 'Figure (PNG)' },
      { value: 'time', text: 'Time series (CSV)' },
      { value: 'asd', text: 'ASD (CSV)' },
      { value: 'spectrogram', text: 'Spectrogram (CSV)' },
      { value: 'q', text: 'Q-transform (CSV)' }
    ];
    const element = select('Export', choices, what => {
      element.value = '';
      if (what !== '') {
        this.#hooks.export(what as Export);
      }
    });
    return field('Save', element);
  }
}

function group(name: string, ...controls: HTMLElement[]): HTMLElement {
  return make(
    'div',
    { class: 'astrodata-strain-group', role: 'group', 'aria-label': name },
    ...controls
  );
}
