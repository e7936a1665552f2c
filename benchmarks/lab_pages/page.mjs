/** One page of JupyterLab, and what is done in it as a person would. */

const SECONDS = 120;

/** Runs before any script of the page: notes when Lab is there, and when the panel shows its first dataset. */
function watchStart() {
  const marks = (window.__marks = {});
  let app;
  Object.defineProperty(window, 'jupyterapp', {
    get: () => app,
    set: value => {
      app = value;
      void app.restored.then(() => (marks.restored = performance.now()));
    }
  });
  const look = () => {
    const row = document.querySelector(
      '[role=region][aria-label=AstroData] .jp-astrodata-lab-dataset'
    );
    if (row?.checkVisibility()) {
      marks.panel = performance.now();
    } else {
      requestAnimationFrame(look);
    }
  };
  requestAnimationFrame(look);
}

export class LabPage {
  constructor(page, context) {
    this.page = page;
    this.context = context;
    /** Milliseconds of processor time that the page's thread has worked until Lab stood. */
    this.work = 0;
  }

  /** Open Lab in a context of its own, with nothing in any cache; without https, where that is wanted. */
  static async open(browser, { address, token }, isSecure = true) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await context.addInitScript(watchStart);
    if (!isSecure) {
      // All that the extension does otherwise on such a page: browsers give it no SHA-256.
      await context.addInitScript(() => Object.defineProperty(crypto, 'subtle', {}));
    }
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    await page.goto(`${address}/lab?token=${token}`);
    await page.waitForFunction(() => window.__marks?.restored, null, { timeout: 1000 * SECONDS });
    const lab = new LabPage(page, context);
    const { metrics } = await session.send('Performance.getMetrics');
    lab.work = 1000 * metrics.find(({ name }) => name === 'TaskDuration').value;
    return lab;
  }

  close() {
    return this.context.close();
  }

  /** When Lab stood and, where there is a panel, when that showed its datasets: milliseconds since the page began. */
  async marks(hasPanel) {
    if (hasPanel) {
      await this.until(() => window.__marks.panel);
    }
    return this.page.evaluate(() => window.__marks);
  }

  /** Bytes of the scripts that came: those of the extension, and all. */
  scripts() {
    return this.page.evaluate(() => {
      const all = performance
        .getEntriesByType('resource')
        .filter(({ name }) => /\.js(\?|$)/.test(name));
      const sum = list => list.reduce((bytes, one) => bytes + one.decodedBodySize, 0);
      const ours = all.filter(({ name }) => name.includes('/extensions/astrodata-lab/'));
      return {
        ours: sum(ours),
        all: sum(all),
        names: ours.map(({ name }) => name.split('/').at(-1).split('?')[0])
      };
    });
  }

  until(condition, argument = null) {
    return this.page.waitForFunction(condition, argument, { timeout: 1000 * SECONDS });
  }

  show(id) {
    return this.page.evaluate(name => window.jupyterapp.shell.activateById(name), id);
  }

  /** Drop a file of this machine in the middle of an element, as a desktop does. */
  async drop(selector, file) {
    await this.page.evaluate(() => {
      window.__dropped = new Promise(resolve =>
        addEventListener('drop', event => resolve(performance.timeOrigin + event.timeStamp), {
          capture: true,
          once: true
        })
      );
    });
    const box = await this.page.locator(selector).first().boundingBox();
    const session = await this.context.newCDPSession(this.page);
    const place = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const data = { items: [], files: [file], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop']) {
      await session.send('Input.dispatchDragEvent', { type, ...place, data });
    }
    await session.detach();
    return this.page.evaluate(() => window.__dropped);
  }

  /** Close what is open in the middle, and end all kernels. */
  async empty() {
    await this.page.evaluate(async () => {
      const { serviceManager, shell } = window.jupyterapp;
      for (const widget of [...shell.widgets('main')]) {
        widget.dispose();
      }
      await serviceManager.sessions.shutdownAll();
      await serviceManager.kernels.shutdownAll();
    });
  }
}
