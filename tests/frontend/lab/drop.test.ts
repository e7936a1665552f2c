// @vitest-environment jsdom
import './browser';

import { MimeData } from '@lumino/coreutils';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { DropTarget, openOnDragOverTab } from '../../../src/lab/drop';
import { Dropped } from '../../../src/lab/sources';

const dropped = vi.fn<(dropped: Dropped[]) => void>();
const paths = vi.fn<(paths: string[]) => void>();
const hover = vi.fn<(over: boolean) => void>();
let node: HTMLElement;
let child: HTMLElement;
let target: DropTarget;

beforeEach(() => {
  vi.clearAllMocks();
  node = document.createElement('div');
  child = document.createElement('p');
  node.append(child);
  document.body.append(node);
  target = new DropTarget(node, { dropped, paths, hover });
});

afterEach(() => {
  target.dispose();
  node.remove();
});

interface IDrag {
  types?: string[];
  files?: File[];
  directories?: string[];
  relatedTarget?: Node | null;
  on?: HTMLElement;
}

function drag(type: string, { types = ['Files'], on = child, ...rest }: IDrag = {}): DragEvent {
  const items = [
    ...(rest.files ?? []).map(file => ({ name: file.name, isDirectory: false })),
    ...(rest.directories ?? []).map(name => ({ name, isDirectory: true }))
  ].map(entry => ({ webkitGetAsEntry: () => entry }));
  const all = [...(rest.files ?? []), ...(rest.directories ?? []).map(name => new File([], name))];
  const dataTransfer = { types, files: all, items, dropEffect: 'none' } as unknown as DataTransfer;
  const event = new DragEvent(type, {
    bubbles: true,
    cancelable: true,
    dataTransfer,
    relatedTarget: rest.relatedTarget
  });
  on.dispatchEvent(event);
  return event;
}

interface ILuminoDrag {
  mimeData: MimeData;
  proposedAction: string;
  dropAction: string;
}

function luminoDrag(type: string, mime: string, value: unknown, on = child): ILuminoDrag & Event {
  const mimeData = new MimeData();
  mimeData.setData(mime, value);
  const event = Object.assign(new MouseEvent(type, { bubbles: true, cancelable: true }), {
    mimeData,
    proposedAction: 'move',
    dropAction: 'none'
  });
  on.dispatchEvent(event);
  return event;
}

describe('files from the desktop', () => {
  test('are taken, and the page does not navigate to them', () => {
    const file = new File(['x'], 'm13.fits');
    const event = drag('drop', { files: [file] });
    expect(event.defaultPrevented).toBe(true);
    expect(dropped).toHaveBeenCalledWith([file]);
    expect(hover).toHaveBeenLastCalledWith(false);
  });

  test('are told from folders, which come with them', () => {
    const file = new File(['x'], 'm13.fits');
    drag('drop', { files: [file], directories: ['survey'] });
    expect(dropped.mock.calls[0][0]).toEqual([file, { name: 'survey', isDirectory: true }]);
  });

  test('show that they can be dropped, until they leave the panel', () => {
    expect(drag('dragenter').dataTransfer!.dropEffect).toBe('copy');
    expect(hover).toHaveBeenLastCalledWith(true);
    drag('dragleave', { relatedTarget: node });
    expect(hover).toHaveBeenLastCalledWith(true);
    drag('dragleave', { relatedTarget: document.body });
    expect(hover).toHaveBeenLastCalledWith(false);
  });

  test('dropped elsewhere are none of its business', () => {
    expect(drag('drop', { on: document.body }).defaultPrevented).toBe(false);
    expect(dropped).not.toHaveBeenCalled();
  });

  test('are all that it takes: dragged text is left alone', () => {
    expect(drag('dragover', { types: ['text/plain'] }).defaultPrevented).toBe(false);
    expect(drag('drop', { types: ['text/plain'] }).defaultPrevented).toBe(false);
    expect(dropped).not.toHaveBeenCalled();
  });
});

describe('paths from the file browser', () => {
  const MIME = 'application/x-jupyter-icontents';

  test('are taken with the action that the file browser offers', () => {
    expect(luminoDrag('lm-dragenter', MIME, ['a']).defaultPrevented).toBe(true);
    expect(luminoDrag('lm-dragover', MIME, ['a']).dropAction).toBe('move');
    const event = luminoDrag('lm-drop', MIME, ['data/m13.fits', 'm31.fits']);
    expect([event.defaultPrevented, event.dropAction]).toEqual([true, 'move']);
    expect(paths).toHaveBeenCalledWith(['data/m13.fits', 'm31.fits']);
  });

  test('are all that it takes: dragged cells are left alone', () => {
    const event = luminoDrag('lm-drop', 'application/vnd.jupyter.cells', []);
    expect(event.defaultPrevented).toBe(false);
    expect(paths).not.toHaveBeenCalled();
  });

  test('open the panel from its tab', () => {
    node.innerHTML = '<ul><li class="lm-TabBar-tab" data-id="panel"><i></i></li></ul>';
    const icon = node.querySelector('i')!;
    const open = vi.fn();
    const listening = openOnDragOverTab('panel', open);
    luminoDrag('lm-dragenter', 'application/vnd.jupyter.cells', [], icon);
    luminoDrag('lm-dragenter', MIME, ['a'], node);
    expect(open).not.toHaveBeenCalled();
    luminoDrag('lm-dragenter', MIME, ['a'], icon);
    expect(open).toHaveBeenCalledTimes(1);
    drag('dragenter', { on: icon });
    expect(open).toHaveBeenCalledTimes(2);
    listening.dispose();
    drag('dragenter', { on: icon });
    expect(open).toHaveBeenCalledTimes(2);
  });
});

test('a disposed target takes nothing', () => {
  target.dispose();
  expect(drag('drop', { files: [new File(['x'], 'a')] }).defaultPrevented).toBe(false);
  expect(target.isDisposed).toBe(true);
});
