/** What is said of the event on show: its facts, the note, the confidence, and what others say. */
import type { EventMeta, Mark } from '../../core/label';
import { make } from '../common/dom';
import { valueText } from '../common/scale';

/** From least to most; none is said at first. */
export const CONFIDENCES = [0.25, 0.5, 0.75, 1] as const;

export interface SideHooks {
  /** The note was ended, by a key or by leaving the field. */
  noted(text: string): void;
  confident(value: number | null): void;
  /** The keys shall go to the picture again. */
  back(): void;
}

export class Side {
  readonly element: HTMLElement;
  readonly #title = make('h3', { class: 'astrodata-label-title' });
  readonly #facts = make('dl', { class: 'astrodata-label-facts' });
  readonly #note = make('input', {
    type: 'text',
    'aria-label': 'Note',
    placeholder: 'note (n)',
    autocomplete: 'off'
  });
  readonly #confidence: readonly HTMLButtonElement[];
  #value: number | null = null;

  constructor(hooks: SideHooks) {
    this.#note.addEventListener('keydown', event => {
      if (event.key === 'Enter' || event.key === 'Escape') {
        event.preventDefault();
        hooks.back(); // leaving the field tells the note
      }
    });
    this.#note.addEventListener('change', () => hooks.noted(this.#note.value));
    this.#confidence = CONFIDENCES.map(value => {
      const text = `${100 * value} %`;
      const element = make(
        'button',
        {
          type: 'button',
          title: `Confidence ${text} (keys + and −)`,
          'aria-label': `Confidence ${text}`
        },
        text
      );
      element.addEventListener('click', () =>
        hooks.confident(this.#value === value ? null : value)
      );
      return element;
    });
    this.element = make(
      'aside',
      { class: 'astrodata-label-side', 'aria-label': 'Event' },
      this.#title,
      make(
        'div',
        { class: 'astrodata-label-confidence', role: 'group', 'aria-label': 'Confidence' },
        make('span', { class: 'astrodata-label-hint' }, 'confidence'),
        ...this.#confidence
      ),
      this.#note,
      this.#facts
    );
  }

  get note(): string {
    return this.#note.value;
  }

  focusNote(): void {
    this.#note.focus();
    this.#note.select();
  }

  /** Shows which event it is about before its facts are here. */
  begin(id: string, note: string, confidence: number | null): void {
    this.#title.textContent = id === '' ? '' : `Event ${id}`;
    this.#note.value = note;
    this.confidence(confidence);
    this.#facts.replaceChildren();
  }

  confidence(value: number | null): void {
    this.#value = value;
    this.#confidence.forEach((element, i) =>
      element.setAttribute('aria-pressed', String(CONFIDENCES[i] === value))
    );
  }

  show(meta: EventMeta): void {
    this.#title.textContent = `Event ${meta.id}`;
    const lines: [string, string][] = [];
    if (meta.score !== null) {
      lines.push(['score', valueText(meta.score)]);
    }
    if (meta.reason) {
      lines.push(['why now', meta.reason]);
    }
    for (const { annotator, label } of meta.others) {
      lines.push([annotator, label.join(', ')]);
    }
    lines.push(
      ...meta.facts.filter(([name]) => name !== 'id').map(pair => [...pair] as [string, string])
    );
    if (meta.invalid) {
      lines.push(['NaN or infinite', meta.invalid.toLocaleString('en')]);
    }
    this.#facts.replaceChildren(
      ...lines.flatMap(([name, text]) => [make('dt', {}, name), make('dd', {}, text)])
    );
  }

  /** Shows what the log says. */
  mark({ note, confidence }: Pick<Mark, 'note' | 'confidence'>): void {
    if (document.activeElement !== this.#note) {
      this.#note.value = note;
    }
    this.confidence(confidence);
  }
}
