/** Measures Lab in Chromium: reads a job from standard input, writes a line of JSON for each run. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { LabPage } from './page.mjs';

const job = JSON.parse(readFileSync(0, 'utf8'));
const require = createRequire(job.modules);
const { chromium } = require('@playwright/test');
const { PNG } = require('pngjs');
const say = what => process.stdout.write(`${JSON.stringify(what)}\n`);

const PANEL = '[role=region][aria-label=AstroData]';
const FILES = '#filebrowser .jp-DirListing-content';
/** Greys of a picture; the empty page of a tab has few. */
const GREYS = 40;

/** Starts of Lab with the extension and without, in turn; the first of each warms its server and counts not. */
async function start(browser) {
  for (let run = 0; run <= job.runs; run++) {
    const found = {};
    const sides = run % 2 ? ['plain', 'ours'] : ['ours', 'plain'];
    for (const side of sides) {
      const lab = await LabPage.open(browser, job[side]);
      const { restored, panel } = await lab.marks(side === 'ours');
      found[side] = { restored, panel, work: lab.work, scripts: await lab.scripts() };
      await lab.close();
    }
    if (run > 0) {
      say(found);
    }
  }
}

/** From the drop of a file to its row: on the panel, and on Lab's own list of files. */
async function upload(browser) {
  const lab = await LabPage.open(browser, job.ours);
  const open = await LabPage.open(browser, job.ours, false);
  await lab.marks(true);
  await open.marks(true);
  const size = path =>
    lab.page.evaluate(
      async where =>
        (await window.jupyterapp.serviceManager.contents.get(where, { content: false })).size,
      path
    );
  const onPanel = lab => async (file, name) => {
    await lab.page.bringToFront();
    await lab.show('astrodata-lab-panel');
    await lab.page.waitForSelector(PANEL);
    const began = await lab.drop(PANEL, file);
    const seen = await lab.until(
      ([panel, stem]) =>
        [...document.querySelectorAll(`${panel} .jp-astrodata-lab-dataset`)].some(row =>
          row.textContent.includes(stem)
        ) && performance.timeOrigin + performance.now(),
      [PANEL, name.replace('.npy', '')]
    );
    return (await seen.jsonValue()) - began;
  };
  const ways = {
    ours: onPanel(lab),
    open: onPanel(open),
    async plain(file, name) {
      await lab.page.bringToFront();
      await lab.show('filebrowser');
      await lab.page.waitForSelector(FILES);
      await lab.page.evaluate(() => {
        const { shell } = window.jupyterapp;
        const { model } = [...shell.widgets('left')].find(({ id }) => id === 'filebrowser');
        window.__ended = null;
        const hear = (_, { name: what }) => {
          if (what === 'finish' || what === 'failure') {
            window.__ended = what;
            model.uploadChanged.disconnect(hear);
          }
        };
        model.uploadChanged.connect(hear);
      });
      await lab.drop(FILES, file);
      // It asks about large files first; that is not counted.
      const button = lab.page.locator('.jp-Dialog button.jp-mod-accept');
      await button.waitFor();
      const began = await button.evaluate(node => {
        node.click();
        return performance.timeOrigin + performance.now();
      });
      const seen = await lab.until(
        ([list, whole]) =>
          window.__ended === 'finish' &&
          [...document.querySelectorAll(`${list} .jp-DirListing-itemText`)].some(
            one => one.textContent === whole
          ) &&
          performance.timeOrigin + performance.now(),
        [FILES, name]
      );
      return (await seen.jsonValue()) - began;
    }
  };
  for (const [run, pair] of job.files.entries()) {
    const found = {};
    for (const side of run % 2 ? ['open', 'plain', 'ours'] : ['ours', 'plain', 'open']) {
      const file = pair[side];
      const name = file.split('/').at(-1);
      found[side] = await ways[side](file, name);
      if ((await size(name)) !== job.bytes) {
        throw new Error(`${name} did not arrive whole`);
      }
      await lab.page.evaluate(path => window.jupyterapp.serviceManager.contents.delete(path), name);
    }
    say(found);
  }
}

/** From a double click: on an image to its first pixels, and on a notebook until its kernel is idle. */
async function open(browser) {
  const lab = await LabPage.open(browser, job.ours);
  await lab.show('filebrowser');
  const twice = async name => {
    const item = lab.page.locator(`${FILES} .jp-DirListing-item`).filter({ hasText: name });
    await item.waitFor();
    const at = lab.page.evaluate(
      () =>
        new Promise(resolve =>
          addEventListener('dblclick', event => resolve(performance.timeOrigin + event.timeStamp), {
            capture: true,
            once: true
          })
        )
    );
    await item.dblclick();
    return at;
  };
  const ways = {
    async ours() {
      const began = await twice(job.image);
      const canvas = lab.page.locator('#jp-main-dock-panel canvas[aria-label^="FITS image"]');
      await canvas.waitFor({ timeout: 120_000 });
      for (;;) {
        const at = Date.now();
        if (greys(PNG.sync.read(await canvas.screenshot())) > GREYS) {
          return at - began;
        }
      }
    },
    async plain() {
      const began = await twice(job.notebook);
      const idle = await lab.until(() => {
        const kernel = window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
        return kernel?.status === 'idle' && performance.timeOrigin + performance.now();
      });
      return (await idle.jsonValue()) - began;
    }
  };
  for (let run = 0; run < job.runs; run++) {
    const found = {};
    for (const side of run % 2 ? ['plain', 'ours'] : ['ours', 'plain']) {
      found[side] = await ways[side]();
      await lab.empty();
    }
    say(found);
  }
}

function greys({ data }) {
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) {
    seen.add(data[i]);
  }
  return seen.size;
}

/** A list of many rows, moved on by each frame: of the panel's datasets, and of Lab's files. */
async function scroll(browser) {
  const lab = await LabPage.open(browser, job.ours);
  await lab.marks(true);
  const sides = {
    ours: ['astrodata-lab-panel', `${PANEL} .jp-astrodata-lab-window`, '.jp-astrodata-lab-dataset'],
    plain: ['filebrowser', FILES, '.jp-DirListing-item']
  };
  await lab.show('filebrowser');
  await lab.page.evaluate(async folder => {
    const { shell } = window.jupyterapp;
    await [...shell.widgets('left')].find(({ id }) => id === 'filebrowser').model.cd(folder);
  }, job.folder);
  for (let run = 0; run < job.runs; run++) {
    const found = {};
    for (const side of run % 2 ? ['plain', 'ours'] : ['ours', 'plain']) {
      const [id, scroller, row] = sides[side];
      await lab.show(id);
      await lab.until(
        ([one, within]) => document.querySelector(within)?.querySelector(one),
        [row, scroller]
      );
      found[side] = await lab.page.evaluate(move, { scroller, row, ...job.scroll });
    }
    say(found);
  }
}

/** In the page: times of the frames, and how many of them had no row in the middle of the list. */
async function move({ scroller, row, frames, by }) {
  const list = document.querySelector(scroller);
  const { left, top, width, height } = list.getBoundingClientRect();
  list.scrollTop = 0;
  await new Promise(resolve => setTimeout(resolve, 1000));
  const ticks = [];
  let blank = 0;
  await new Promise(resolve => {
    const tick = now => {
      ticks.push(now);
      const seen = document.elementFromPoint(left + width / 2, top + height / 2);
      blank += seen?.closest(row) ? 0 : 1;
      if (ticks.length <= frames) {
        list.scrollTop += by;
        requestAnimationFrame(tick);
      } else {
        resolve();
      }
    };
    requestAnimationFrame(tick);
  });
  return { ticks, blank, way: list.scrollTop };
}

const browser = await chromium.launch({ executablePath: job.chromium, args: job.args });
try {
  await { start, upload, open, scroll }[job.part](browser);
} finally {
  await browser.close();
}
