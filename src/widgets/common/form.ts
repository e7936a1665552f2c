/** A few controls and the button that takes what they say. */
import { make } from './dom';

/**
 * Gives controls with their button, which Enter in any of them presses.
 *
 * @param look - Class of the whole.
 * @param name - What a screen reader calls it.
 */
export function formOf(
  look: string,
  name: string,
  press: HTMLButtonElement,
  ...controls: HTMLElement[]
): HTMLElement {
  const made = make('div', { class: look, role: 'group', 'aria-label': name }, ...controls, press);
  made.addEventListener('keydown', event => {
    if (event.key === 'Enter' && event.target instanceof HTMLInputElement) {
      event.preventDefault();
      event.stopPropagation();
      press.click();
    }
  });
  return made;
}
