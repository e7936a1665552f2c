/** Drives one tool in one browser: reads a job from standard input, writes a line of JSON for each step. */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { Hand } from './hand.mjs';
import { Lab } from './lab.mjs';
import { memoryOf } from './memory.mjs';
import { Watch } from './watch.mjs';
import { TOOLS } from './tools.mjs';

const job = JSON.parse(readFileSync(0, 'utf8'));
const { chromium } = createRequire(job.modules)('@playwright/test');
const { PNG } = createRequire(job.modules)('pngjs');
const say = what => process.stdout.write(`${JSON.stringify(what)}\n`);

const browser = await chromium.launch({ executablePath: job.chromium, args: job.args });
try {
  const context = await browser.newContext({ viewport: { width: 1400, height: 1200 } });
  if (job.offline) {
    await context.route(
      url => !['127.0.0.1', 'localhost'].includes(url.hostname),
      route => route.abort()
    );
  }
  const page = await context.newPage();
  const tool = TOOLS[job.tool];
  const lab = new Lab(page);
  await lab.open(job.address);
  const watch = new Watch(page, await context.newCDPSession(page), tool, PNG);
  const hand = new Hand(page, lab, watch, tool);
  const steps = {
    python: ({ code }) => lab.python(code),
    /** As much as is said, without an end. */
    told: ({ code }) => lab.python(code, Infinity),
    cell: ({ code }) => lab.cell(0, code),
    async frame({ code, seconds }) {
      const began = Date.now();
      const run = lab.cell(1, code).catch(String);
      const seen = await watch.first(seconds);
      const wrong = seen ? null : await Promise.race([run, lab.pause(2)]);
      return seen ? { ms: seen.at - began, ...watch.facts() } : { ms: null, said: wrong };
    },
    /** What Python changes, seen on the screen. */
    async change({ code, seconds }) {
      await watch.rest();
      const before = watch.last;
      const began = Date.now();
      const run = lab.python(code).catch(String);
      const seen = await watch.other(before, seconds);
      const said = await Promise.race([run, lab.pause(seconds)]);
      return { ms: seen ? seen.at - began : null, said };
    },
    pan: step => hand.pan(step),
    lasso: step => hand.lasso(step),
    zoom: step => hand.zoom(step),
    thumbnails: step => hand.thumbnails(step),
    memory: () => memoryOf(browser, watch.session),
    webgpu: () =>
      page.evaluate(async () => Boolean(navigator.gpu && (await navigator.gpu.requestAdapter()))),
    async picture({ path }) {
      await page.screenshot({ path });
      return path;
    }
  };
  for (const step of job.steps) {
    const name = step.name ?? step.do;
    const longest = (step.seconds ?? 60) + job.beyond;
    let hung = false;
    try {
      const late = lab.pause(longest).then(() => {
        hung = true;
        throw new Error(`${job.hung} ${longest} s`);
      });
      say({ name, found: await Promise.race([steps[step.do](step), late]) });
    } catch (error) {
      say({ name, failed: String(error).slice(0, 500) });
      // A page that hangs answers no further step.
      if (step.needed || hung) {
        break;
      }
    }
  }
} finally {
  await Promise.race([browser.close(), new Promise(done => setTimeout(done, 10_000))]);
}
process.exit(0); // waits for cells that never end would hold it
