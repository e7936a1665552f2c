/** Small makers of elements. Text only ever enters as text: header cards are hostile. */

type Attributes = Record<string, string | number | boolean>;

/** Gives an element with attributes and children; strings become text. `true` sets a bare attribute. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  element.append(...children);
  return element;
}

/** Gives a control under its caption. */
export function field(caption: string, ...controls: HTMLElement[]): HTMLElement {
  return make('label', { class: 'astrodata-field' }, make('span', {}, caption), ...controls);
}

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly text: string;
  readonly title?: string;
  readonly disabled?: boolean;
}

/** Gives a list of choices that calls back when a person picks one. */
export function select<Value extends string>(
  label: string,
  choices: readonly Choice<Value>[],
  picked: (value: Value) => void
): HTMLSelectElement {
  const element = make('select', { 'aria-label': label });
  setChoices(element, choices);
  element.addEventListener('change', () => picked(element.value as Value));
  return element;
}

export function setChoices(element: HTMLSelectElement, choices: readonly Choice<string>[]): void {
  element.replaceChildren(
    ...choices.map(({ value, text, title, disabled }) =>
      make('option', { value, disabled: !!disabled, ...(title ? { title } : {}) }, text)
    )
  );
}

/** Gives a button; `title` is what it is called and what pointing at it tells. */
export function button(text: string, name: string, title: string, pressed: () => void) {
  const element = make('button', { type: 'button', 'aria-label': name, title }, text);
  element.addEventListener('click', pressed);
  return element;
}

/** Runs the newest of many wishes after a pause. */
export class Later {
  readonly #milliseconds: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  run(wish: () => void): void {
    this.cancel();
    this.#timer = setTimeout(wish, this.#milliseconds);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}
