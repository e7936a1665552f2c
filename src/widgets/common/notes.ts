/** What a reader has to tell of a file, folded away under a viewer. */
import { make } from './dom';

export class Notes {
  readonly element = make('details', { class: 'astrodata-notes', hidden: true });

  /** @param what - What the notes are on, such as `this file`. */
  set(notes: readonly string[], what: string): void {
    const count = notes.length === 1 ? '1 note' : `${notes.length} notes`;
    this.element.hidden = !notes.length;
    this.element.replaceChildren(
      make('summary', {}, `${count} on ${what}`),
      make('ul', {}, ...notes.map(note => make('li', {}, note)))
    );
  }
}
