/** The controls of the plot: what is across and up and how, marks, tools, and what a light curve adds. */
import type { ColumnFacts, CurveFacts, Marks, TableTraits } from '../../core/table';
import { button, field, make, select, setChoices } from '../common/dom';
import type { Tool } from '../latent/map/plot';

export type PlotState = Pick<
  TableTraits,
  | 'x'
  | 'y'
  | 'x_log'
  | 'y_log'
  | 'x_flip'
  | 'y_flip'
  | 'marks'
  | 'errors'
  | 'good_only'
  | 'period'
  | 'epoch'
>;

export interface PlotbarHooks {
  change(values: Partial<PlotState>): void;
  tool(tool: Tool): void;
  fit(): void;
}

type Side = 'x' | 'y';

export class Plotbar {
  readonly element: HTMLElement;
  readonly #axes: Record<Side, HTMLSelectElement>;
  readonly #toggles: Record<string, HTMLButtonElement>;
  readonly #marks: HTMLSelectElement;
  readonly #tools: Record<'pan' | 'box', HTMLButtonElement>;
  readonly #period = number('Period', 'Period to fold at; empty does not fold');
  readonly #epoch = number('Epoch', 'Time of phase 0');
  readonly #fold: HTMLElement;
  readonly #periodField: HTMLElement;

  constructor(hooks: PlotbarHooks) {
    const toggle = (name: keyof PlotState, text: string, label: string, title: string) => {
      const made: HTMLButtonElement = button(text, label, title, () =>
        hooks.change({ [name]: made.getAttribute('aria-pressed') !== 'true' })
      );
      made.setAttribute('aria-pressed', 'false');
      return [name, made] as const;
    };
    this.#axes = {
      x: select('Across', [], name => hooks.change({ x: name })),
      y: select('Up', [], name => hooks.change({ y: name }))
    };
    this.#toggles = Object.fromEntries([
      toggle('x_log', 'log', 'Logarithmic across', 'Logarithmic axis'),
      toggle('x_flip', '⇄', 'Flip across', 'Values grow to the left'),
      toggle('y_log', 'log', 'Logarithmic up', 'Logarithmic axis'),
      toggle('y_flip', '⇅', 'Flip up', 'Values grow downwards, as magnitudes are drawn'),
      toggle(
        'errors',
        '± bars',
        'Error bars',
        'Error bars of columns such as FLUX_ERR beside FLUX'
      ),
      toggle('good_only', 'good only', 'Good quality only', 'Leave out rows whose quality is not 0')
    ]);
    this.#marks = select<Marks>(
      'Marks',
      [
        { value: 'points', text: 'points' },
        { value: 'line', text: 'line' },
        { value: 'both', text: 'both' }
      ],
      marks => hooks.change({ marks })
    );
    this.#tools = {
      pan: button('✥', 'Tool: pan', 'Drag the plot', () => hooks.tool('pan')),
      box: button('▭', 'Tool: box', 'Select rows in a box; Shift adds, Alt takes away', () =>
        hooks.tool('box')
      )
    };
    this.#periodField = field('Period', this.#period);
    this.#fold = make(
      'span',
      { class: 'astrodata-table-fold', role: 'group', 'aria-label': 'Light curve' },
      this.#periodField,
      field('Epoch', this.#epoch)
    );
    this.#listen(hooks);
    const axis = (side: Side, name: string) =>
      field(
        name,
        make(
          'span',
          { class: 'astrodata-row' },
          this.#axes[side],
          this.#toggles[`${side}_log`],
          this.#toggles[`${side}_flip`]
        )
      );
    this.element = make(
      'div',
      { class: 'astrodata-toolbar', role: 'toolbar', 'aria-label': 'Plot' },
      axis('x', 'Across'),
      axis('y', 'Up'),
      field('Marks', make('span', { class: 'astrodata-row' }, this.#marks, this.#toggles.errors)),
      this.#fold,
      this.#toggles.good_only,
      make(
        'span',
        { class: 'astrodata-buttons' },
        this.#tools.pan,
        this.#tools.box,
        button('Fit', 'Show all points', 'Show all points (0)', hooks.fit)
      )
    );
  }

  setFacts(columns: readonly ColumnFacts[]): void {
    const plottable = columns
      .filter(({ kind }) => kind === 'number' || kind === 'flag' || kind === 'time')
      .map(({ name }) => ({ value: name, text: name }));
    setChoices(this.#axes.x, plottable);
    setChoices(this.#axes.y, plottable);
  }

  set(state: PlotState, curve: CurveFacts | null, errors: boolean): void {
    this.#axes.x.value = state.x;
    this.#axes.y.value = state.y;
    this.#marks.value = state.marks;
    for (const [name, element] of Object.entries(this.#toggles)) {
      element.setAttribute('aria-pressed', String(state[name as keyof PlotState]));
    }
    this.#toggles.errors.disabled = !errors;
    const timed = !!curve && state.x === curve.time;
    this.#fold.hidden = !timed;
    this.#toggles.good_only.hidden = !curve?.quality;
    this.#periodField.firstElementChild!.textContent = curve?.unit
      ? `Period, ${curve.unit}`
      : 'Period';
    if (document.activeElement !== this.#period) {
      this.#period.value = state.period === null ? '' : String(state.period);
    }
    if (document.activeElement !== this.#epoch) {
      this.#epoch.value = String(state.epoch);
    }
  }

  setTool(tool: Tool): void {
    for (const [name, element] of Object.entries(this.#tools)) {
      element.setAttribute('aria-pressed', String(name === tool));
    }
  }

  #listen(hooks: PlotbarHooks): void {
    const take = (input: HTMLInputElement, told: (value: number | null) => void) => {
      const read = () => {
        const value = input.value.trim() ? Number(input.value) : null;
        const wrong = value !== null && !Number.isFinite(value);
        input.toggleAttribute('aria-invalid', false);
        if (wrong) {
          input.setAttribute('aria-invalid', 'true');
        } else {
          input.removeAttribute('aria-invalid');
          told(value);
        }
      };
      input.addEventListener('change', read);
      input.addEventListener('keydown', event => event.stopPropagation());
    };
    take(this.#period, period => {
      if (period !== null && period <= 0) {
        this.#period.setAttribute('aria-invalid', 'true');
      } else {
        hooks.change({ period });
      }
    });
    take(this.#epoch, epoch => hooks.change({ epoch: epoch ?? 0 }));
  }
}

function number(label: string, title: string): HTMLInputElement {
  return make('input', { type: 'number', step: 'any', 'aria-label': label, title });
}
