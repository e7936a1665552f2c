/** A line of a shell with a button that copies it. */
import { Clipboard } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon } from '@jupyterlab/ui-components';

import { IAdvice } from './advice';

const CLASS = 'jp-astrodata-lab-command';

/** Gives the element; the line is text that one can select as well. */
export function commandNode(command: string, trans: TranslationBundle): HTMLElement {
  const node = document.createElement('div');
  node.className = CLASS;
  const line = document.createElement('code');
  line.textContent = command;
  const copy = document.createElement('button');
  copy.type = 'button';
  const name = trans.__('Copy the command');
  copy.title = name;
  copy.setAttribute('aria-label', name);
  copyIcon.element({ container: copy, tag: 'span', width: '16px', height: '16px' });
  const said = document.createElement('span');
  said.className = `${CLASS}-said`;
  said.setAttribute('role', 'status');
  copy.addEventListener('click', () => {
    Clipboard.copyToSystem(command);
    said.textContent = trans.__('Copied.');
  });
  node.append(line, copy, said);
  return node;
}

/** Gives what to tell, with the command and what to do after it. */
export function adviceNode(
  { text, command, then }: IAdvice,
  trans: TranslationBundle
): HTMLElement {
  const node = document.createElement('div');
  node.className = 'jp-astrodata-lab-advice';
  node.append(paragraph(text), commandNode(command, trans), paragraph(then));
  return node;
}

/** Gives a text as a paragraph. */
export function paragraph(text: string): HTMLElement {
  const node = document.createElement('p');
  node.textContent = text;
  return node;
}
