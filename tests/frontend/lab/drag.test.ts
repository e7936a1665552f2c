// @vitest-environment jsdom
import './browser';

import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { CellDrag } from '../../../src/lab/drag';
import { panelIcon } from '../../../src/lab/icons';

/** Notebooks by the folder that they lie in. */
function notebook(folder: string) {
  const node = document.createElement('div');
  document.body.append(node);
  const widgets: { model: { id: string } }[] = [{ model: { id: 'old' } }];
  return { folder, node, content: { widgets, activeCellIndex: 0, deselectAll: vi.fn() } };
}

type Notebook = ReturnType<typeof notebook>;

let here: Notebook;
let there: Notebook;
let row: HTMLElement;
let drag: CellDrag;
let carried: MimeData | undefined;
const ran = vi.fn(async (_: Notebook) => undefined);
const clicked = vi.fn();

beforeEach(() => {
  vi.clearAllMocks();
  [here, there] = [notebook(''), notebook('work')];
  row = document.createElement('button');
  row.addEventListener('click', clicked);
  document.body.append(row);
  const tracker = {
    currentWidget: here,
    find: (wanted: (one: Notebook) => boolean) => [here, there].find(wanted)
  };
  const inserter = {
    source: (cell: (folder: string) => string, panel: Notebook | null) => cell(panel?.folder ?? ''),
    run: ran
  };
  drag = new CellDrag(tracker as never, inserter as never);
  const dragged = { name: 'r-1', icon: panelIcon, cell: (folder: string) => `open("${folder}")` };
  row.addEventListener('mousedown', event => drag.watch(dragged, event));
});

afterEach(() => {
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

/** Have a drag end with a drop on a node, or nowhere. */
function dropsOn(node: HTMLElement | null): void {
  vi.spyOn(Drag.prototype, 'start').mockImplementation(async function (this: Drag) {
    carried = this.mimeData;
    node?.dispatchEvent(new Event('lm-drop', { bubbles: true }));
    if (node !== null) {
      there.content.widgets.unshift({ model: { id: 'new' } });
    }
    return node === null ? 'none' : 'copy';
  });
}

function pull(distance: number): void {
  const at = (type: string, clientX: number): MouseEvent =>
    new MouseEvent(type, { clientX, bubbles: true, cancelable: true });
  row.dispatchEvent(at('mousedown', 0));
  document.dispatchEvent(at('mousemove', distance));
  document.dispatchEvent(at('mouseup', distance));
}

test('a row that is dropped on a notebook is a cell of that notebook, which is run', async () => {
  dropsOn(there.node);
  pull(20);
  await vi.waitFor(() => expect(ran).toHaveBeenCalledWith(there));
  expect(carried!.getData('text/plain')).toBe('open("work")');
  expect(carried!.getData('application/vnd.jupyter.cells')).toMatchObject([
    { cell_type: 'code', source: 'open("work")' }
  ]);
  expect(there.content.activeCellIndex).toBe(0);
});

test('a row that is let go elsewhere runs nothing', async () => {
  dropsOn(null);
  pull(20);
  await vi.waitFor(() => expect(carried).toBeDefined());
  row.click();
  expect(ran).not.toHaveBeenCalled();
});

test('the click that ends a drag opens nothing, and the next one does', async () => {
  let end = (): void => undefined;
  const ended = new Promise<'none'>(resolve => (end = () => resolve('none')));
  vi.spyOn(Drag.prototype, 'start').mockReturnValue(ended);
  pull(20);
  end();
  await ended;
  await Promise.resolve();
  row.click();
  expect(clicked).not.toHaveBeenCalled();
  await new Promise(resolve => setTimeout(resolve));
  row.click();
  expect(clicked).toHaveBeenCalledTimes(1);
});

test('a press that hardly moves is a click', () => {
  const start = vi.spyOn(Drag.prototype, 'start');
  pull(3);
  expect(start).not.toHaveBeenCalled();
  row.click();
  expect(clicked).toHaveBeenCalledTimes(1);
});
