/** The figures of the cut: how many are inside and outside, and at which rates. */
import type { RateMeta, StateMeta } from '../../core/latent';
import { button, make } from '../common/dom';
import { percent } from '../common/scale';

const number = (value: number): string => value.toLocaleString('en');

export class Counts {
  readonly element: HTMLElement;
  readonly #list = make('div', {
    class: 'astrodata-latent-figures',
    role: 'group',
    'aria-label': 'Counts'
  });
  readonly #selected = make('span', { class: 'astrodata-latent-selected', hidden: true });
  readonly #selectedText = make('span');

  /** @param clear - Takes the selection away. */
  constructor(clear: () => void) {
    this.#selected.append(
      this.#selectedText,
      button('×', 'Clear selection', 'Clear the selection (Escape)', clear)
    );
    this.element = make(
      'div',
      { class: 'astrodata-latent-counts', 'aria-live': 'polite' },
      this.#list,
      this.#selected
    );
  }

  set(state: StateMeta): void {
    const { inside, outside, total, invalid, selected, calibration } = state;
    this.#list.replaceChildren(
      entry('Inside the garage', `${number(inside)} of ${number(total)}`, percent(inside / total)),
      entry(
        'Outside',
        number(outside),
        percent(outside / total) + (invalid ? `, ${number(invalid)} not finite` : '')
      ),
      rate('False positives', state.noise, 'no point is known to be noise only'),
      rate('True positives', state.signal, 'no truth was given'),
      ...(calibration
        ? [entry('Calibrated to', percent(calibration.false_positive_rate), 'false positives')]
        : [])
    );
    this.#selected.hidden = !selected;
    if (!selected) {
      this.#selectedText.textContent = '';
    } else {
      this.#selectedText.textContent =
        `${number(selected.count)} selected: ${number(selected.inside)} inside, ` +
        `${number(selected.outside)} outside `;
    }
  }
}

function entry(name: string, value: string, more: string): HTMLElement {
  return make(
    'div',
    {},
    make('div', { class: 'astrodata-latent-figure' }, name),
    make('div', {}, make('b', {}, value), make('small', {}, ` ${more}`))
  );
}

/** A rate with its Wilson interval; why there is none, in words. */
function rate(name: string, found: RateMeta | null, why: string): HTMLElement {
  if (!found) {
    return entry(name, '–', why);
  }
  const { count, total, value, low, high } = found;
  const box = entry(
    name,
    percent(value),
    `[${percent(low)}, ${percent(high)}], ${number(count)} of ${number(total)}`
  );
  box.title = `Share outside the garage with its 95 % interval (Wilson): ${count} of ${total}`;
  return box;
}
