// @vitest-environment jsdom
import './browser';

import { PageConfig } from '@jupyterlab/coreutils';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { beforeEach, describe, expect, test, vi } from 'vitest';

import { PROTOCOL } from '../../../src/core/protocol';
import { VERSION } from '../../../src/core/version';
import { adviceOnNoServer, adviceOnNoWidgets } from '../../../src/lab/handshake/advice';
import { adviceNode } from '../../../src/lab/handshake/commandNode';
import { KernelHandshake } from '../../../src/lab/handshake/kernels';
import { FakeKernel as Asked, IAnswer } from './fakeDocumentKernel';
import { FakeKernel as Greeted, FakeNotebook } from './fakeNotebook';

const trans = nullTranslator.load('test');
const ENVIRONMENT = {
  python: '/opt/env/bin/python',
  prefix: '/opt/env',
  pip: true,
  uv: false,
  conda: false
};
const MISSING = {
  errorName: 'ModuleNotFoundError',
  errorValue: "No module named 'astrodata_kernel'"
};
const COMMAND = `/opt/env/bin/python -m pip install "astrodata-lab[kernel]==${VERSION}"`;
const IMPORT = 'import astrodata_kernel as adk';

/** A kernel whose comm and whose code are answered. */
class FakeKernel extends Greeted {
  code = new Asked();

  requestExecute(content: { code: string }): object {
    return this.code.requestExecute(content);
  }
}

class Notebook extends FakeNotebook {
  readonly content = {};

  constructor(readonly kernel: FakeKernel) {
    super(kernel);
    Object.assign(this.sessionContext, { kernelDisplayName: 'Physics <b>' });
  }

  restart(): void {
    this.sessionContext.statusChanged.emit('restarting');
  }

  switchTo(kernel: FakeKernel): void {
    this.sessionContext.session = { kernel };
    this.sessionContext.kernelChanged.emit({});
  }
}

let notebooks: Notebook[];
let current: Notebook | null;
let executed: Signal<object, object>;
let currentChanged: Signal<object, unknown>;
let widgetAdded: Signal<object, Notebook>;
let kernels: KernelHandshake;
let kernel: FakeKernel;
let notebook: Notebook;

beforeEach(() => {
  const owner = {};
  executed = new Signal(owner);
  currentChanged = new Signal(owner);
  widgetAdded = new Signal(owner);
  kernel = new FakeKernel();
  kernel.answers.hello = { protocol: PROTOCOL, version: '7.0', environment: ENVIRONMENT };
  kernel.code.answer = (): IAnswer => ({ printed: JSON.stringify(ENVIRONMENT) + '\n' });
  notebook = current = new Notebook(kernel);
  notebooks = [notebook];
  kernels = new KernelHandshake({
    tracker: {
      get currentWidget() {
        return current;
      },
      currentChanged,
      widgetAdded,
      find: (test: (one: never) => boolean) => notebooks.find(one => test(one as never)),
      forEach: (act: (one: never) => void) => notebooks.forEach(one => act(one as never))
    } as never,
    executed: executed as never,
    trans
  });
});

/** A cell ends, and what comes of it. */
async function ran(source: string, error: object | null = null, of = notebook): Promise<void> {
  const model = { sharedModel: { getSource: () => source } };
  executed.emit({ notebook: of.content, cell: { model }, success: !error, error });
  await new Promise(resolve => setTimeout(resolve));
}

describe('a kernel', () => {
  test('is asked nothing before a cell has run', async () => {
    await new Promise(resolve => setTimeout(resolve));
    expect([kernel.opened, kernel.code.ran]).toEqual([0, []]);
  });

  test('of the same protocol is greeted once, told who greets, and fits whatever its version', async () => {
    await ran(IMPORT);
    await ran(IMPORT);
    expect(kernel.asked).toEqual(['hello']);
    expect(kernel.closed).toBe(1);
    expect(kernels.advice).toBeNull();
  });

  test('of another protocol is told with both versions and the command for its environment', async () => {
    kernel.answers.hello = { protocol: PROTOCOL + 1, version: '7.0', environment: ENVIRONMENT };
    await ran(IMPORT);
    const { text, command, then } = kernels.advice!;
    expect(text).toContain(`“Physics <b>” has AstroData Lab 7.0 (protocol ${PROTOCOL + 1})`);
    expect(text).toContain(`${VERSION} (protocol ${PROTOCOL})`);
    expect([command, then]).toEqual([COMMAND, 'Then restart the kernel.']);
  });

  test('that knows no greeting is of another time', async () => {
    kernel.refuses.hello = 'unknown-name';
    await ran(IMPORT);
    expect(kernels.advice?.command).toBe(
      `python -m pip install "astrodata-lab[kernel]==${VERSION}"`
    );
  });

  test('that ran before the page is greeted after its first cell, and not again without an import', async () => {
    kernel.hasToolkit = false;
    await ran('x = 1');
    await ran('x = 2');
    expect(kernel.opened).toBe(1);
    kernel.hasToolkit = true;
    await ran('%load_ext astrodata_kernel');
    expect(kernel.asked).toEqual(['hello']);
  });

  test('without the toolkit is asked where its Python lives, until it is restarted', async () => {
    const changed = vi.fn();
    kernels.changed.connect(changed);
    await ran(IMPORT, MISSING);
    expect(kernels.advice).toMatchObject({ command: COMMAND });
    expect(kernels.advice?.text).toContain('“Physics <b>” does not have the toolkit');
    expect(changed).toHaveBeenCalled();
    notebook.restart();
    expect(kernels.advice).toBeNull();
  });

  test('without the toolkit has it once a cell with the import goes well', async () => {
    await ran(IMPORT, MISSING);
    await ran(IMPORT);
    expect(kernels.advice).toBeNull();
    expect(kernel.asked).toEqual(['hello']);
  });

  test('that lacks something else is none without the toolkit', async () => {
    await ran('import rasterio', { ...MISSING, errorValue: "No module named 'rasterio'" });
    await ran('1 / 0', { errorName: 'ZeroDivisionError', errorValue: 'division by zero' });
    expect([kernels.advice, kernel.code.ran, kernel.opened]).toEqual([null, [], 0]);
  });

  test('that says nothing of use of its Python has a command that can be typed there', async () => {
    kernel.code.answer = () => ({ error: { ename: 'Odd', evalue: '' } });
    await ran(IMPORT, MISSING);
    expect(kernels.advice?.command).toMatch(/^python -m pip install/);
  });

  test('is forgotten for another one, and each notebook has its own', async () => {
    await ran(IMPORT, MISSING);
    const other = new Notebook(new FakeKernel());
    notebooks.push(other);
    widgetAdded.emit(other);
    current = other;
    expect(kernels.advice).toBeNull();
    current = notebook;
    expect(kernels.advice).not.toBeNull();
    notebook.switchTo(new FakeKernel());
    expect(kernels.advice).toBeNull();
  });

  test('that was switched while it was asked is not told of', async () => {
    const change = ran(IMPORT, MISSING);
    notebook.switchTo(new FakeKernel());
    await change;
    expect(kernels.advice).toBeNull();
  });
});

describe('a server', () => {
  test('whose half is missing is found by where JupyterLab lies', () => {
    PageConfig.setOption('staticDir', '/opt/the hub/share/jupyter/lab/static');
    expect(adviceOnNoServer(trans).command).toBe(
      `'/opt/the hub/bin/python' -m pip install "astrodata-lab==${VERSION}"`
    );
    PageConfig.setOption('staticDir', '/srv/own/build');
    expect(adviceOnNoServer(trans).command).toMatch(/^python -m pip install/);
  });

  test('that lacks what draws widgets gets it with its half', () => {
    const hello = { protocol: PROTOCOL, version: '1', environment: ENVIRONMENT };
    expect(adviceOnNoWidgets(hello, trans).command).toBe(
      `/opt/env/bin/python -m pip install "astrodata-lab==${VERSION}"`
    );
  });
});

test('what is told stays text, and its command can be copied', async () => {
  const copied: string[] = [];
  document.execCommand = () => true;
  document.addEventListener('copy', event => copied.push(String(event.type)));
  const hostile = '<img src=x onerror=alert(1)>';
  const node = adviceNode({ text: hostile, command: `a ${hostile}`, then: hostile }, trans);
  expect(node.querySelector('img')).toBeNull();
  expect(node.querySelector('code')?.textContent).toBe(`a ${hostile}`);
  expect(node.querySelector('button')?.getAttribute('aria-label')).toBe('Copy the command');
});
