/** What is selected, in words and numbers, and the ways to select: a condition, names, back and forward. */
import type { MaskMeta, Op, Shape } from '../../../core/latent';
import { button, field, make, select, setChoices } from '../../common/dom';

export interface SelectionHooks {
  select(op: Op, shape: Shape): void;
  clear(): void;
  travel(what: 'back' | 'forward'): void;
  keep(name: string): void;
  forget(name: string): void;
  showAll(): void;
}

const number = (value: number): string => value.toLocaleString('en');

export class SelectionBar {
  readonly element: HTMLElement;
  readonly #where = make('input', {
    type: 'text',
    placeholder: 'score > 3 & peak < 0.02',
    spellcheck: 'false',
    'aria-label': 'Select by a condition',
    title:
      'Select by a condition (Enter; Shift adds, Alt takes away). Column names as they stand; ` around odd ones'
  });
  readonly #text = make('span', { class: 'astrodata-map-chosen', role: 'status' });
  readonly #words = make('span', { class: 'astrodata-map-words' });
  readonly #filter = make('span', { class: 'astrodata-map-filter', hidden: true });
  readonly #filterText = make('span');
  readonly #clear: HTMLButtonElement;
  readonly #back: HTMLButtonElement;
  readonly #forward: HTMLButtonElement;
  readonly #keep: HTMLButtonElement;
  readonly #kept: HTMLSelectElement;
  readonly #name = make('input', {
    type: 'text',
    'aria-label': 'Name of the selection',
    hidden: true
  });
  readonly #total: number;
  #names: readonly string[] = [];

  constructor(total: number, hooks: SelectionHooks) {
    this.#total = total;
    this.#where.addEventListener('keydown', event => {
      if (event.key === 'Enter' && this.#where.value.trim()) {
        const op = opOf(event);
        hooks.select(op, { where: this.#where.value.trim() });
      }
      keepLetters(event);
    });
    this.#back = button('←', 'Selection before', 'The selection before ([)', () =>
      hooks.travel('back')
    );
    this.#forward = button('→', 'Selection after', 'The selection after (])', () =>
      hooks.travel('forward')
    );
    this.#clear = button('×', 'Clear selection', 'Clear the selection (Escape)', hooks.clear);
    this.#keep = button('Keep …', 'Keep the selection', 'Give the selection a name', () => {
      this.#name.hidden = false;
      this.#name.value = '';
      this.#name.focus();
    });
    this.#name.placeholder = 'name, Enter';
    this.#name.addEventListener('keydown', event => {
      const name = this.#name.value.trim();
      if (event.key === 'Enter' && name) {
        hooks.keep(name);
      }
      if (event.key === 'Escape' || (event.key === 'Enter' && name)) {
        this.#name.hidden = true;
        this.#keep.focus();
      }
      keepLetters(event);
    });
    this.#name.addEventListener('blur', () => (this.#name.hidden = true));
    this.#kept = select('Kept selections', [], chosen => {
      const [what, name] = [chosen.slice(0, 1), chosen.slice(1)];
      this.#kept.value = '';
      if (what === '=') {
        hooks.select('replace', { kept: name });
      } else if (what === '-') {
        hooks.forget(name);
      }
    });
    this.#filter.append(
      this.#filterText,
      button('×', 'Show all', 'Take all filters away', hooks.showAll)
    );
    this.element = make(
      'div',
      { class: 'astrodata-map-selection' },
      field('Select where', this.#where),
      make(
        'span',
        { class: 'astrodata-map-said' },
        make('span', { class: 'astrodata-buttons' }, this.#back, this.#forward),
        this.#text,
        this.#words,
        this.#clear,
        this.#keep,
        this.#name,
        this.#kept
      ),
      this.#filter
    );
    this.setKept([]);
  }

  set(meta: MaskMeta): void {
    const chosen = meta.selection.length > 0;
    this.#text.textContent = chosen
      ? `${number(meta.count)} of ${number(this.#total)} selected`
      : 'nothing selected';
    this.#words.textContent = meta.words;
    this.#words.title = meta.words;
    this.#clear.hidden = this.#keep.hidden = !chosen;
    this.#back.disabled = !meta.back;
    this.#forward.disabled = !meta.forward;
    this.#filter.hidden = !meta.filter;
    this.#filterText.textContent = meta.filter
      ? `${number(meta.shown)} shown: ${meta.filter} `
      : '';
  }

  /** Tells how many points a shape that is being drawn would hold. */
  setLive(count: number, op: Op): void {
    const words: Record<Op, string> = {
      replace: '',
      add: ', to be added',
      subtract: ', to be taken away',
      intersect: ', of which those stay that are selected'
    };
    this.#text.textContent = `${number(count)} in it${words[op]}`;
  }

  setKept(names: readonly string[]): void {
    this.#names = names;
    this.#kept.hidden = !names.length;
    setChoices(this.#kept, [
      { value: '', text: `kept (${this.#names.length}) …` },
      ...names.map(name => ({ value: `=${name}`, text: name })),
      ...names.map(name => ({ value: `-${name}`, text: `forget ${name}` }))
    ]);
  }
}

/** Gives what the keys that are held make of a shape. */
export function opOf({ shiftKey, altKey }: { shiftKey: boolean; altKey: boolean }): Op {
  return shiftKey ? (altKey ? 'intersect' : 'add') : altKey ? 'subtract' : 'replace';
}

/** Letters that are typed into a field are no tools. */
function keepLetters(event: KeyboardEvent): void {
  if (!event.ctrlKey && !event.metaKey) {
    event.stopPropagation();
  }
}
