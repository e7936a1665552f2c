// @vitest-environment jsdom
import '../common/setup';
import { withoutCanvas } from '../common/canvas';
import { describe, expect, it } from 'vitest';
import type { TableTraits } from '../../../src/core/table';
import widget from '../../../src/widgets/table/index';
import { column, FakeKernel, settle, table, traits } from './fake';
import { FakeModel } from '../common/fakeModel';
import { labelled, onEmptyPage, press, shownOn } from '../common/page';

const HOSTILE = '<img src=x onerror=alert(1)>';

async function show(
  values: Partial<TableTraits> = {},
  prepare: (kernel: FakeKernel) => void = () => undefined
) {
  const kernel = new FakeKernel();
  prepare(kernel);
  const shown = await shownOn(widget, new FakeModel(traits(values)), kernel);
  await settle();
  await settle();
  return shown;
}

const grid = (el: HTMLElement) => el.querySelector('[role="grid"]') as HTMLElement;
const count = (el: HTMLElement) => el.querySelector('[role="status"]')!.textContent;
const current = (el: HTMLElement) =>
  el.querySelector<HTMLElement>('tr[aria-current="true"]')?.dataset.row;

describe('TableViewer in the browser', () => {
  onEmptyPage(withoutCanvas);

  it('greets the kernel, then asks for the rows that are looked at', async () => {
    const { kernel, el } = await show();
    expect(kernel.sent.map(({ kind }) => kind)).toEqual(['hello', 'describe', 'page']);
    expect(kernel.msgs('page')[0]).toMatchObject({ start: 0, count: 120, where: '', sort: [] });
    expect(count(el)).toBe('1,000 rows');
    const cells = [...el.querySelectorAll('tr[data-row="0"] td')];
    expect(cells.map(cell => cell.textContent)).toEqual(['0', 'NaN', 's0']);
    expect(cells[1].className).toContain('nan');
  });

  it('sorts by a head: up, down, and as they come', async () => {
    const { kernel, el, model } = await show();
    const head = labelled<HTMLButtonElement>(el, 'Sort by mag');
    for (const expected of [['mag', 'asc'], ['mag', 'desc'], []]) {
      head.click();
      await settle();
      expect(model.traits.sort).toEqual(expected);
      expect(kernel.msgs('page').at(-1)!.sort).toEqual(expected);
    }
    expect(el.querySelector('th[data-column="mag"]')!.getAttribute('aria-sort')).toBe('none');
  });

  it('walks through the rows by keys', async () => {
    const { kernel, el, model } = await show();
    press(grid(el), 'Home');
    await settle();
    press(grid(el), 'ArrowDown');
    await settle();
    expect(current(el)).toBe('1');
    expect(model.traits.row).toBe(1);
    press(grid(el), 'End');
    await settle();
    await settle();
    expect(model.traits.row).toBe(999);
    expect(kernel.msgs('select').at(-1)).toEqual({ op: 'replace', places: [999, 999] });
    press(grid(el), 'Enter');
    await settle();
    expect(kernel.msgs('select').at(-1)).toEqual({ op: 'toggle', places: [999, 999] });
  });

  it('selects all rows with Ctrl+A, and none with Escape', async () => {
    const { kernel, el } = await show();
    grid(el).dispatchEvent(
      new KeyboardEvent('keydown', { key: 'a', ctrlKey: true, bubbles: true })
    );
    await settle();
    expect(kernel.msgs('select').at(-1)).toEqual({ op: 'replace', every: true });
    press(grid(el), 'Escape');
    await settle();
    expect(kernel.msgs('select').at(-1)).toEqual({ op: 'replace', rows: [] });
  });

  it('keeps a filter that the kernel refuses in its field, and shows the rows of before', async () => {
    const { kernel, el, model } = await show();
    const page = kernel.answers.page;
    kernel.answers.page = msg =>
      msg.where ? { error: { code: 'bad-request', message: 'no such column' } } : page(msg);
    const field = labelled(el, 'Filter');
    field.value = 'nothing > 3';
    field.dispatchEvent(new Event('change', { bubbles: true }));
    await settle();
    expect(field.getAttribute('aria-invalid')).toBe('true');
    expect(field.value).toBe('nothing > 3');
    expect(model.traits.filter).toBe('');
    expect(el.querySelector('[role="alert"]')!.textContent).toContain('no such column');
    expect(el.querySelectorAll('tr[data-row]').length).toBeGreaterThan(0);
  });

  it('goes to the row that is found', async () => {
    const { el, model } = await show();
    const field = labelled(el, 'Find');
    field.value = 's7';
    press(field, 'Enter');
    await settle();
    expect(model.traits.row).toBe(7);
  });

  it('hides columns, and moves them from their heads', async () => {
    const { el, model } = await show();
    const box = labelled(el, 'Show mag');
    box.checked = false;
    box.dispatchEvent(new Event('change', { bubbles: true }));
    await settle();
    expect(model.traits.columns).toEqual(['ra', 'name']);
    labelled(el, 'Sort by name').dispatchEvent(
      new KeyboardEvent('keydown', { key: 'ArrowLeft', altKey: true, bubbles: true })
    );
    await settle();
    expect(model.traits.columns).toEqual(['name', 'ra']);
  });

  it('shows how far long work is, and goes back when it is cancelled', async () => {
    const { kernel, el, model } = await show();
    kernel.answers.page = () => ({ meta: { ready: false, progress: 0.4, doing: 'sorting' } });
    labelled<HTMLButtonElement>(el, 'Sort by mag').click();
    await settle();
    expect(el.textContent).toContain('sorting 40 %');
    labelled<HTMLButtonElement>(el, 'Cancel').click();
    await settle();
    expect(model.traits.sort).toEqual([]);
  });

  it('tells what the values of a column are like', async () => {
    const { kernel, el } = await show();
    labelled<HTMLButtonElement>(el, 'Statistics of name').click();
    await settle();
    expect(kernel.msgs('statistics')[0]).toMatchObject({ column: 'name', where: '' });
    expect(labelled(el, 'Statistics').textContent).toContain('different2');
  });

  it('follows Python', async () => {
    const { kernel, el, model } = await show();
    model.fromPython({ filter: 'mag > 3', selection: { count: 12, version: 4 } });
    await settle();
    expect(labelled(el, 'Filter').value).toBe('mag > 3');
    expect(kernel.msgs('page').at(-1)!.where).toBe('mag > 3');
    expect(count(el)).toContain('12 selected');
  });

  it('shows hostile names and cells as text', async () => {
    const { el } = await show({}, kernel => {
      const columns = [column(HOSTILE, { kind: 'text', unit: HOSTILE, description: HOSTILE })];
      kernel.answers.describe = () => ({ meta: table({ columns, warnings: [HOSTILE] }) });
      kernel.answers.page = () => ({
        meta: {
          ready: true,
          total: 1,
          start: 0,
          rows: [0],
          cells: [[HOSTILE]],
          selected: [true],
          place: null
        }
      });
    });
    expect(el.querySelector('img')).toBeNull();
    expect(el.querySelector('td')!.textContent).toBe(HOSTILE);
  });
});
