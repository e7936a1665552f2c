/** A hand with a mouse: pans, draws lassos, and looks at its watch. */

/** How far the points reach in both directions: points.py. */
const REACH = 1.18;
const PAD = 8;
/** Milliseconds without another mask after which the last one is taken for the end. */
const QUIET = 700;

export class Hand {
  constructor(page, lab, watch, tool) {
    this.page = page;
    this.lab = lab;
    this.watch = watch;
    this.tool = tool;
    this.extent = null;
  }

  /**
   * Drags the picture: how long each step takes to its frame, the page's frames, and the rest until the picture
   * stands. `beside` is run by the kernel meanwhile.
   */
  async pan({ moves, by, code, beside }) {
    await this.#look();
    await this.lab.python(code ?? '');
    await this.watch.rest();
    await this.tool.pan(this.page);
    const cell = beside ? this.lab.python(beside) : null;
    if (cell) {
      await this.lab.busy();
    }
    const { mouse } = this.page;
    let [x, y] = this.#at([0, 0]);
    const before = this.extent;
    await mouse.move(x, y);
    await mouse.down();
    await this.page.evaluate(() => {
      const ticks = (window.__ticks = []);
      const tick = now =>
        window.__ticks === ticks && (ticks.push(now), requestAnimationFrame(tick));
      requestAnimationFrame(tick);
    });
    const frames = [];
    for (let i = 0; i < moves; i++) {
      const began = performance.now();
      await mouse.move((x += by), y);
      await this.page.evaluate(
        () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
      );
      frames.push(performance.now() - began);
    }
    const ticks = await this.page.evaluate(() => {
      const { __ticks } = window;
      window.__ticks = null;
      return __ticks;
    });
    const up = Date.now();
    await mouse.up();
    const rested = await this.watch.rest(60);
    const moved = this.watch.extent().left - before.left;
    await cell;
    return { frames, ticks, settled: rested ? rested.at - up : null, moved };
  }

  /** Draws a lasso and waits until the kernel holds as many points as wanted. */
  async lasso({ shape, expected, seconds, code, corners, settle = true }) {
    await this.#look();
    await this.lab.python(`${code ?? ''}\narrivals.since()`);
    await this.tool.lasso(this.page);
    const path = corners ?? this.#shape(shape);
    const before = this.watch.last;
    const { longest, up } = await this.#draw(path.map(place => this.#clamped(place)));
    await this.tool.after?.(this.page);
    this.others = [];
    const [found, seen] = await Promise.all([
      this.#arrived(expected, seconds),
      settle ? this.watch.other(before, seconds) : null
    ]);
    const lost = await this.page.getByText(/Server Connection Error|Connection lost/i).count();
    return {
      ms: found ? 1000 * found[0] - up : null,
      count: found ? found[1] : null,
      others: this.others,
      longest,
      settled: seen ? seen.at - up : null,
      lost: lost > 0,
      path: path.map(place => this.#clamped(place)),
      extent: this.extent
    };
  }

  /** Turns the wheel over a group: until another picture stands, and until the last one does. */
  async zoom({ turns, seconds, quiet = 4 }) {
    await this.#look();
    await this.page.mouse.move(...this.#at([1, 0]));
    const found = [];
    for (let i = 0; i < turns; i++) {
      const before = this.watch.last;
      const began = Date.now();
      await this.page.mouse.wheel(0, -240);
      const seen = await this.watch.still(before, seconds, quiet);
      found.push(seen ? { first: seen.first - began, last: seen.at - began } : null);
    }
    return found;
  }

  /** From letting go of a lasso to its thumbnails on the screen. */
  async thumbnails({ repeats, seconds }) {
    await this.#look();
    await this.tool.lasso(this.page);
    const found = [];
    for (let i = 0; i < repeats; i++) {
      await this.page.evaluate(() => {
        const gallery = document.querySelector('.astrodata-map-gallery');
        const title = gallery.querySelector('[role=status]');
        window.__painted = new Promise(done => {
          const before = title.textContent;
          const look = () => {
            const wall = gallery.querySelector('.astrodata-map-wall');
            const canvases = [...wall.querySelectorAll('canvas')];
            const ready =
              title.textContent !== before &&
              canvases.length &&
              canvases.every(one => one.dataset.painted);
            // One frame more: what was painted is on the screen then.
            requestAnimationFrame(ready ? () => done([Date.now(), canvases.length]) : look);
          };
          look();
        });
      });
      // Each lasso holds another number of points, so that the title tells them apart.
      const path = this.#shape('small', i % 8);
      const { up } = await this.#draw(path.map(place => this.#clamped(place)));
      const painted = this.page.evaluate(() => window.__painted).catch(() => null);
      const got = await Promise.race([painted, this.lab.pause(seconds)]);
      found.push(got ? [got[0] - up, got[1]] : null);
    }
    return found;
  }

  /** Waits for the picture; where the points lie in it is read once, before a selection takes colours away. */
  async #look() {
    if (!this.extent) {
      await this.tool.ready?.(this.page);
    }
    await this.watch.rest();
    this.extent ??= this.watch.extent();
  }

  async #draw(path) {
    const { mouse } = this.page;
    await this.page.evaluate(() => (window.__up = 0));
    await mouse.move(...path[0]);
    await mouse.down();
    let longest = 0;
    for (const place of path.slice(1)) {
      const began = performance.now();
      await mouse.move(...place);
      longest = Math.max(longest, performance.now() - began);
    }
    await mouse.up();
    return { longest, up: await this.page.evaluate(() => window.__up) };
  }

  /** Gives when the mask that stayed was there first, if it is the right one. */
  async #arrived(expected, seconds) {
    const end = Date.now() + 1000 * seconds;
    const all = [];
    let still = Date.now();
    while (Date.now() < end) {
      const ask = this.lab
        .python('import json; print(json.dumps(arrivals.since()))')
        .catch(() => '');
      const said = await Promise.race([
        ask,
        this.lab.pause(Math.max(1, (end - Date.now()) / 1000))
      ]);
      const more = said ? JSON.parse(said.trim().split('\n').at(-1)) : [];
      all.push(...more);
      if (more.length) {
        still = Date.now();
      }
      const last = all.at(-1)?.[1];
      const right = expected === null ? all.length > 0 : last === expected;
      // Some tools send what is drawn so far, too: the last one counts.
      if (right && Date.now() - still > QUIET) {
        return all[all.findLastIndex(one => one[1] !== last) + 1];
      }
      await this.lab.pause(0.1);
    }
    this.others = all.map(one => one[1]);
    return null;
  }

  #shape(name, group = 0) {
    if (name === 'all') {
      const { left, right, top, bottom } = this.extent;
      const [l, r, t, b] = [left - PAD, right + PAD, top - PAD, bottom + PAD];
      const ends = [[l, t], [r, t], [r, b], [l, b], [l, t]]; // prettier-ignore
      return ends
        .slice(1)
        .flatMap(([x, y], i) =>
          Array.from({ length: 10 }, (_, k) => [
            ends[i][0] + ((x - ends[i][0]) * k) / 10,
            ends[i][1] + ((y - ends[i][1]) * k) / 10
          ])
        );
    }
    if (name === 'star') {
      // Concave, and nowhere parallel to the axes.
      const { left, right, top, bottom } = this.extent;
      return Array.from({ length: 14 }, (_, k) => {
        const [turn, far] = [(2 * Math.PI * k) / 14 + 0.1, k % 2 ? 0.17 : 0.43];
        return [
          left + (0.5 + far * Math.cos(turn)) * (right - left),
          top + (0.5 + far * Math.sin(turn)) * (bottom - top)
        ];
      });
    }
    const angle = (2 * Math.PI * group) / 8;
    return Array.from({ length: 32 }, (_, k) => {
      const turn = (2 * Math.PI * k) / 32;
      return this.#at([
        Math.cos(angle) + 0.28 * Math.cos(turn),
        Math.sin(angle) + 0.28 * Math.sin(turn)
      ]);
    });
  }

  #at([x, y]) {
    const { left, right, top, bottom } = this.extent;
    const share = (value, low, high) => low + ((value + REACH) / (2 * REACH)) * (high - low);
    return [share(x, left, right), share(-y, top, bottom)];
  }

  /** A lasso ends at the picture's edge; what lies beyond belongs to other parts of the page. */
  #clamped([x, y]) {
    const { box } = this.watch;
    const into = (value, low, size) => Math.min(low + size - 2, Math.max(low + 2, value));
    return [into(x, box.x, box.width), into(y, box.y, box.height)];
  }
}
