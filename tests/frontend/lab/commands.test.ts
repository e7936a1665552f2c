// @vitest-environment jsdom
import './browser';

import { PageConfig } from '@jupyterlab/coreutils';
import { CommandRegistry } from '@lumino/commands';
import { afterEach, describe, expect, test, vi } from 'vitest';

import plugin from '../../../src/lab/commands';
import launcher from '../../../src/lab/launcher';

interface IItem {
  readonly command: string;
  readonly args?: { readonly [key: string]: string | boolean };
  readonly category: string;
}

afterEach(() => PageConfig.setOption('astrodataLab', ''));

/** The page with our commands, without some sections. */
function page(...disabledSections: string[]) {
  PageConfig.setOption('astrodataLab', JSON.stringify({ disabledSections }));
  const commands = new CommandRegistry();
  const listed: IItem[] = [];
  const cards: IItem[] = [];
  const activateById = vi.fn();
  const app = { commands, shell: { activateById }, serviceManager: { serverSettings: {} } };
  const widget = { id: 'panel', goTo: vi.fn(), openForm: vi.fn(), chooseFiles: vi.fn() };
  const model = { status: 'ready', work: { removed: [] as string[], undo: vi.fn() } };
  const insert = vi.fn<(cell: (folder: string) => string) => void>();
  const palette = { addItem: (item: IItem) => void listed.push(item) };
  const panel = { model, widget, insert };
  void plugin.activate(app as never, panel as never, palette as never, null as never);
  const shelf = { add: (item: IItem) => void cards.push(item) };
  void launcher.activate(app as never, shelf as never, palette as never, null as never);
  const labels = (items: IItem[]): string[] =>
    items.map(({ command, args }) => commands.label(command, args));
  return { activateById, cards, commands, insert, labels, listed, model, widget };
}

describe('the palette', () => {
  test('has all that needs no row, under one heading', () => {
    const { labels, listed } = page();
    expect(labels(listed)).toEqual([
      'Show the AstroData Panel',
      'Refresh the AstroData Panel',
      'Add Files from This Computer…',
      'Add a Folder from This Computer…',
      'Add Dataset from Path or Address…',
      'Bring Back the Removed Dataset',
      'Show Datasets',
      'Show Compute',
      'Show Runs',
      'Show Models',
      'Show Labels',
      'Run Pipeline…',
      'Start Cluster…',
      'Stop Cluster',
      'New AstroData Notebook',
      'New DAIDREAM Notebook',
      'New Burnt-Area Notebook',
      'New FITS Notebook'
    ]);
    expect(new Set(listed.map(({ category }) => category))).toEqual(new Set(['AstroData']));
  });

  test('has nothing of sections that the administrator took away, nor do their shortcuts', () => {
    const { cards, commands, labels, listed } = page('compute', 'runs', 'templates');
    const shown = labels(listed).join();
    for (const absent of ['Show Compute', 'Show Runs', 'Pipeline', 'Cluster', 'Notebook']) {
      expect(shown).not.toContain(absent);
    }
    expect(shown).toContain('Show Models');
    expect(cards).toEqual([]);
    expect(commands.isEnabled('astrodata-lab:show-section', { section: 'runs' })).toBe(false);
    expect(commands.isEnabled('astrodata-lab:show-section', { section: 'models' })).toBe(true);
    expect(commands.hasCommand('astrodata-lab:new-notebook')).toBe(false);
  });

  test('takes the keyboard to the section, and to its form', async () => {
    const { activateById, commands, widget } = page();
    await commands.execute('astrodata-lab:show-section', { section: 'labels' });
    expect(activateById).toHaveBeenCalledWith('panel');
    expect(widget.goTo).toHaveBeenLastCalledWith('labels');
    await commands.execute('astrodata-lab:show-panel');
    expect(widget.goTo).toHaveBeenLastCalledWith();
    await commands.execute('astrodata-lab:run-pipeline');
    expect(widget.openForm).toHaveBeenLastCalledWith('runs');
    await commands.execute('astrodata-lab:add-folder');
    expect(widget.chooseFiles).toHaveBeenLastCalledWith('folder');
  });

  test('stops the cluster in a cell that one can see', async () => {
    const { commands, insert } = page();
    await commands.execute('astrodata-lab:stop-cluster');
    expect(insert.mock.calls[0][0]('')).toContain('adk.tasks.cluster_now()\ncluster.close()');
  });

  test('offers only what can be done', () => {
    const { commands, model } = page();
    expect(commands.isEnabled('astrodata-lab:undo-remove')).toBe(false);
    model.work.removed.push('m13');
    expect(commands.isEnabled('astrodata-lab:undo-remove')).toBe(true);
    model.status = 'no-server';
    expect(commands.isEnabled('astrodata-lab:add-files')).toBe(false);
  });
});

test('the launcher has a card for each template, with an icon and what it is for', () => {
  const { cards, commands, labels } = page();
  expect(labels(cards)).toEqual(['AstroData notebook', 'DAIDREAM', 'Burnt area', 'FITS']);
  for (const { command, args, category } of cards) {
    expect(category).toBe('AstroData');
    expect(commands.icon(command, args)).toBeDefined();
    expect(commands.caption(command, args)).toMatch(/\w+ \w+/);
  }
});
