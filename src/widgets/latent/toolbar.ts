/** The controls above the scatter matrix. */
import type { LatentMeta, Limits, StateMeta } from '../../core/latent';
import { detachButton } from '../common/detach';
import { button, field, make, select } from '../common/dom';

export type Step = 'undo' | 'redo' | 'reset';

export interface ToolbarHooks {
  color(name: string): void;
  limits(limits: Limits): void;
  axes(axes: number[]): void;
  step(what: Step): void;
  calibrate(rate: number): void;
  export(): void;
}

export class Toolbar {
  readonly element: HTMLElement;
  readonly #color: HTMLSelectElement;
  readonly #limits: HTMLSelectElement;
  readonly #axes: HTMLButtonElement[];
  readonly #undo: HTMLButtonElement;
  readonly #redo: HTMLButtonElement;
  readonly #rate = make('input', {
    type: 'number',
    min: 0,
    max: 100,
    step: 'any',
    value: 1,
    'aria-label': 'False-positive rate in per cent'
  });
  #shown: readonly number[] = [];

  constructor(facts: LatentMeta, hooks: ToolbarHooks) {
    this.#color = select(
      'Colour by',
      [
        { value: '', text: 'nothing' },
        { value: 'garage', text: 'inside and outside' },
        ...facts.columns
          .filter(({ name }) => name !== '' && name !== 'garage')
          .map(({ name }) => ({ value: name, text: name }))
      ],
      hooks.color
    );
    this.#limits = select<Limits>(
      'Panels span',
      [
        { value: 'all', text: 'all points' },
        { value: '98%', text: 'central 98 %' },
        { value: 'garage', text: 'around the garage' }
      ],
      hooks.limits
    );
    this.#axes = facts.axes.map(({ name }, axis) =>
      button(name, `Show ${name}`, `Show or hide ${name}`, () => hooks.axes(this.#toggled(axis)))
    );
    this.#undo = button('↶', 'Undo', 'Undo the last change of the garage (z)', () =>
      hooks.step('undo')
    );
    this.#redo = button('↷', 'Redo', 'Redo what was undone (Shift+z)', () => hooks.step('redo'));
    const reset = button('Reset', 'Reset', 'Back to the garage that it began with', () =>
      hooks.step('reset')
    );
    this.element = make(
      'div',
      { class: 'astrodata-toolbar', role: 'toolbar', 'aria-label': 'Latent space' },
      field('Colour by', this.#color),
      field('Panels span', this.#limits),
      ...(facts.axes.length > 1
        ? [group('Latents', make('span', { class: 'astrodata-buttons' }, ...this.#axes))]
        : []),
      ...(facts.noise ? [this.#calibration(hooks)] : []),
      group(
        'Garage',
        make(
          'span',
          { class: 'astrodata-buttons' },
          this.#undo,
          this.#redo,
          reset,
          button('Export', 'Export the garage', 'Save the garage as a JSON file', hooks.export)
        )
      ),
      detachButton()
    );
  }

  setColor(name: string): void {
    this.#color.value = name;
  }

  setLimits(limits: Limits): void {
    this.#limits.value = limits;
  }

  setAxes(axes: readonly number[]): void {
    this.#shown = axes;
    this.#axes.forEach((toggle, axis) =>
      toggle.setAttribute('aria-pressed', String(axes.includes(axis)))
    );
  }

  setState({ undo, redo }: StateMeta): void {
    this.#undo.disabled = !undo;
    this.#redo.disabled = !redo;
  }

  #toggled(axis: number): number[] {
    const others = this.#shown.filter(shown => shown !== axis);
    const wanted = this.#shown.includes(axis) ? others : [...others, axis];
    return (wanted.length ? wanted : [axis]).sort((a, b) => a - b);
  }

  #calibration(hooks: ToolbarHooks): HTMLElement {
    const go = () => {
      const rate = Number(this.#rate.value) / 100;
      const good = rate > 0 && rate < 1;
      this.#rate.setAttribute('aria-invalid', String(!good));
      if (good) {
        hooks.calibrate(rate);
      }
    };
    this.#rate.addEventListener('keydown', event => {
      if (event.key === 'Enter') {
        go();
      }
    });
    return group(
      'False positives',
      make(
        'span',
        { class: 'astrodata-row' },
        this.#rate,
        '%',
        button('Calibrate', 'Calibrate', 'Scale the garage to this false-positive rate', go)
      )
    );
  }
}

function group(caption: string, controls: HTMLElement): HTMLElement {
  return make(
    'div',
    { class: 'astrodata-field', role: 'group', 'aria-label': caption },
    make('span', {}, caption),
    controls
  );
}
