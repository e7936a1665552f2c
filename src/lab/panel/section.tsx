import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { PanelMemory, SectionId } from './memory';
import { goFrom, stopsOf } from './stops';

/** Where the sections of a panel look whether they are open; without a panel they forget it. */
export const Memory = React.createContext(new PanelMemory());

export interface ISectionProps {
  readonly id: SectionId;
  readonly title: string;
  /** How many things it lists. */
  readonly count?: number;
  /** Buttons and links beside the heading while it is open. */
  readonly actions?: React.ReactNode;
  readonly children?: React.ReactNode;
}

/** One section of the panel: a heading that opens and closes what is below it. */
export function Section(props: ISectionProps): JSX.Element {
  const { id, title, count } = props;
  const memory = React.useContext(Memory);
  const open = useMemory(one => one.isOpen(id));
  const [heading, body] = [React.useId(), React.useId()];
  const caret = open ? caretDownIcon : caretRightIcon;
  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>): void => {
    if (onHeadingKey(event, to => memory.setOpen(id, to))) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return (
    <section className="jp-astrodata-lab-section" data-section={id} aria-labelledby={heading}>
      <div className="jp-astrodata-lab-sectionHead">
        <h2 className="jp-astrodata-lab-heading">
          <button
            type="button"
            className="jp-astrodata-lab-toggle"
            aria-expanded={open}
            aria-controls={body}
            onKeyDown={onKeyDown}
            onClick={() => memory.setOpen(id, !open)}
          >
            <caret.react tag="span" width="16px" height="16px" />
            <span id={heading}>{title}</span>
            {count === undefined ? null : (
              <span className="jp-astrodata-lab-count">{count.toLocaleString()}</span>
            )}
          </button>
        </h2>
        {open ? props.actions : null}
      </div>
      <div id={body} hidden={!open}>
        {open ? props.children : null}
      </div>
    </section>
  );
}

/** Something of the memory of the panel, drawn again when it changes. */
export function useMemory<T>(read: (memory: PanelMemory) => T): T {
  const memory = React.useContext(Memory);
  return React.useSyncExternalStore(
    React.useCallback(listener => listen(memory, listener), [memory]),
    () => read(memory)
  );
}

function listen(memory: PanelMemory, listener: () => void): () => void {
  memory.changed.connect(listener);
  return () => void memory.changed.disconnect(listener);
}

/** Do what a key means on a heading; false for a key that means nothing there. */
function onHeadingKey(
  { key, currentTarget }: React.KeyboardEvent<HTMLElement>,
  setOpen: (open: boolean) => void
): boolean {
  switch (key) {
    case 'ArrowRight':
    case 'ArrowLeft':
      setOpen(key === 'ArrowRight');
      return true;
    case 'ArrowDown':
    case 'ArrowUp':
      goFrom(currentTarget, key === 'ArrowDown' ? 1 : -1);
      return true;
    case 'Home':
      stopsOf(currentTarget).headings[0]?.focus();
      return true;
    case 'End':
      stopsOf(currentTarget).headings.at(-1)?.focus();
      return true;
    default:
      return false;
  }
}
