/** Classes for the selected points, by button or key; a label counts when the kernel says that it is on the disk. */
import type { LabelsMeta } from '../../../core/latent';
import { button, make } from '../../common/dom';
import { Queue } from '../queue';
import type { Context } from './context';

export class LabelBar {
  readonly element = make('div', {
    class: 'astrodata-map-labels',
    role: 'group',
    'aria-label': 'Labels'
  });
  readonly #classes = make('span', { class: 'astrodata-buttons' });
  readonly #said = make('span', { role: 'status' });
  readonly #undo: HTMLButtonElement;
  readonly #redo: HTMLButtonElement;
  readonly #none: HTMLButtonElement;
  readonly #context: Context;
  readonly #changed: () => void;
  /** In order: an undo must not overtake what it takes back. */
  readonly #queue: Queue;
  #meta: LabelsMeta | null = null;
  #buttons: HTMLButtonElement[] = [];
  #chosen = false;

  /** @param changed - The labels of points are others. */
  constructor(context: Context, changed: () => void) {
    this.#context = context;
    this.#changed = changed;
    this.#queue = new Queue(
      error => context.hooks.failed(error),
      () => context.hooks.changed()
    );
    this.#undo = button('↶', 'Undo the last label', 'Undo the last label (u)', () =>
      this.step('undo')
    );
    this.#redo = button('↷', 'Redo the label', 'Redo what was undone (Shift+u)', () =>
      this.step('redo')
    );
    this.#none = button('none', 'No label', 'Take the labels of the selected points away', () =>
      this.label(null)
    );
    this.element.append(
      'Label the selection:',
      this.#classes,
      this.#none,
      make('span', { class: 'astrodata-buttons' }, this.#undo, this.#redo),
      this.#said
    );
  }

  set(meta: LabelsMeta): void {
    this.#meta = meta;
    this.#buttons = meta.classes.map(({ name, color, hotkey }) => {
      const key = hotkey ? ` (${hotkey})` : '';
      const dot = make('i');
      dot.style.background = color;
      const one = button('', `Label as ${name}`, `Label the selection as ${name}${key}`, () =>
        this.label(name)
      );
      const count = (meta.counts[name] ?? 0).toLocaleString('en');
      one.append(
        dot,
        name,
        make('small', {}, ` ${count}`),
        ...(hotkey ? [make('kbd', {}, hotkey)] : [])
      );
      return one;
    });
    this.#classes.replaceChildren(...this.#buttons);
    this.#undo.disabled = !meta.undo;
    this.#redo.disabled = !meta.redo;
    this.setChosen(this.#chosen);
  }

  /** Whether there is a selection that could get a label. */
  setChosen(chosen: boolean): void {
    this.#chosen = chosen;
    for (const one of [...this.#buttons, this.#none]) {
      one.disabled = !chosen;
    }
  }

  get busy(): boolean {
    return this.#queue.busy;
  }

  /** Gives the selected points a class, or takes theirs away. */
  label(name: string | null): void {
    const { requester, signal } = this.#context;
    this.#queue.push('', async () => {
      const { meta } = await requester.request('label', { name, note: null }, signal);
      const what = name === null ? 'without a label' : `labelled ${name}`;
      this.#show(meta, `${meta.labelled.toLocaleString('en')} ${what}`);
    });
  }

  step(what: 'undo' | 'redo'): void {
    const { requester, signal } = this.#context;
    this.#queue.push('', async () => {
      const { meta } = await requester.request('label_step', { what }, signal);
      this.#show(meta, what === 'undo' ? 'undone' : 'done again');
    });
  }

  dispose(): void {
    this.#queue.clear();
  }

  #show(meta: LabelsMeta, said: string): void {
    this.set(meta);
    this.#said.textContent = said;
    this.#changed();
  }

  /** Gives the class of a key, if it has one. */
  classOf(key: string): string | null {
    return this.#meta?.classes.find(({ hotkey }) => hotkey === key)?.name ?? null;
  }
}
