/** The place of a view, which can be taken out of its output while the view goes on. */
import { DETACH, DETACH_BUTTON, type Detachable, type OwnHeight } from '../../core/detach';
import { button, make } from './dom';
import type { TraitModel } from './traits';

/**
 * Gives the button of a view's toolbar that moves the view into a tab.
 *
 * It knows nothing of who could do so: JupyterLab's half shows it where it listens.
 */
export function detachButton(): HTMLButtonElement {
  const made: HTMLButtonElement = button(
    'Detach',
    'Detach into a tab',
    'Move this view into a tab; closing the tab brings it back',
    () => made.dispatchEvent(new CustomEvent(DETACH, { bubbles: true, detail: {} }))
  );
  made.classList.add(DETACH_BUTTON);
  return made;
}

/**
 * Puts a place for a view into `el`.
 *
 * What is moved is this place and not `el`, which belongs to the notebook: it is looked for there, and may not be
 * missing, when the notebook is done with it.
 *
 * @param signal - Ends the view, and takes the place out of the page wherever it is.
 */
export function placeIn(el: HTMLElement, signal: AbortSignal, height: OwnHeight): HTMLElement {
  const place = make('div', { class: 'astrodata-place' });
  place.addEventListener(DETACH, event => {
    const detail: Detachable = { place, signal, height };
    Object.assign((event as CustomEvent<object>).detail, detail);
  });
  signal.addEventListener('abort', () => place.remove());
  el.append(place);
  return place;
}

/** Gives a widget's model as one of its views sees it, and the height that the view may have for itself. */
export function withOwnHeight<T>(model: TraitModel<T>): {
  model: TraitModel<T>;
  height: OwnHeight;
} {
  const NAME = 'height' as keyof T;
  const listeners = new Set<() => void>();
  let own: number | null = null;
  return {
    model: {
      get: name => (name === NAME && own !== null ? (own as T[typeof name]) : model.get(name)),
      set: (name, value) => model.set(name, value),
      save_changes: () => model.save_changes(),
      on: (event, listener) => {
        model.on(event, listener);
        if (event === 'change:height') {
          listeners.add(listener);
        }
      },
      off: (event, listener) => {
        model.off(event, listener);
        listeners.delete(listener);
      }
    },
    height: {
      get: () => own ?? (model.get(NAME) as number | undefined),
      set: pixels => {
        if (pixels !== own) {
          own = pixels;
          [...listeners].forEach(changed => changed());
        }
      }
    }
  };
}
