/** Looks at a tool's picture until it stands still. */

/** Difference of the channels from which a pixel counts as coloured: axes and texts are grey. */
const COLOUR = 24;
const SHARE = 0.01;
const SAME = 3;
/** Difference of a channel that nobody sees: the browser mixes half-transparent layers now so, now so. */
const UNSEEN = 2;

export class Watch {
  #shot = '';

  constructor(page, session, tool, PNG) {
    this.page = page;
    this.session = session;
    this.tool = tool;
    this.PNG = PNG;
    this.box = null;
    this.last = '';
  }

  /** Waits for the first of some equal pictures that have colours; null after too long. */
  first(seconds) {
    return this.#until(seconds, shot => this.#coloured(shot));
  }

  /** Waits for the first of some equal pictures that are not `before`. */
  other(before, seconds) {
    return this.#until(seconds, shot => !this.#same(shot, before));
  }

  /** Waits for the last change of the picture: after it, nothing moves for some seconds. */
  async still(before, seconds, quiet) {
    const first = await this.other(before, seconds);
    let last = first;
    const end = Date.now() + 1000 * seconds;
    while (last && Date.now() < end) {
      const more = await this.other(this.last, quiet);
      if (!more) {
        return { first: first.at, at: last.at };
      }
      last = more;
    }
    return null;
  }

  /** Waits until nothing moves any more. */
  rest(seconds = 60) {
    return this.#until(seconds, () => true, 5);
  }

  async look() {
    this.box = await this.tool.box(this.page);
    if (!this.box || this.box.width < 100 || this.box.height < 100) {
      return null;
    }
    const { data } = await this.session.send('Page.captureScreenshot', {
      format: 'png',
      optimizeForSpeed: true,
      clip: { ...this.box, scale: 1 }
    });
    return data;
  }

  /** The coloured part of the picture, in pixels of the page. */
  extent() {
    if (!this.last) {
      throw new Error('there is no picture that stands still');
    }
    const { width, height, data } = this.PNG.sync.read(Buffer.from(this.last, 'base64'));
    const [across, up] = [new Uint32Array(width), new Uint32Array(height)];
    for (let i = 0; i < width * height; i++) {
      if (isColoured(data, 4 * i)) {
        across[i % width]++;
        up[Math.floor(i / width)]++;
      }
    }
    const ends = counts => {
      const found = [...counts.keys()].filter(i => counts[i] > 1);
      return [found[0], found.at(-1) + 1];
    };
    const [left, right] = ends(across);
    const [top, bottom] = ends(up);
    const { x, y } = this.box;
    return { left: x + left, right: x + right, top: y + top, bottom: y + bottom };
  }

  facts() {
    const { width, height } = this.box;
    return { width: Math.round(width), height: Math.round(height) };
  }

  #coloured(shot) {
    const { width, height, data } = this.PNG.sync.read(Buffer.from(shot, 'base64'));
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
      count += isColoured(data, i);
    }
    return count > SHARE * width * height;
  }

  #same(one, other) {
    if (one === other || !one || !other) {
      return one === other;
    }
    const [a, b] = [one, other].map(shot => this.PNG.sync.read(Buffer.from(shot, 'base64')));
    return (
      a.data.length === b.data.length && a.data.every((v, i) => Math.abs(v - b.data[i]) <= UNSEEN)
    );
  }

  async #until(seconds, good, same = SAME) {
    const end = Date.now() + 1000 * seconds;
    let [shot, at, seen, fits] = ['', 0, 0, false];
    while (Date.now() < end) {
      const now = await this.look();
      if (now === null) {
        await this.page.waitForTimeout(20);
        continue;
      }
      if (this.#same(now, shot)) {
        seen++;
      } else {
        [shot, at, seen] = [now, Date.now(), 1];
        fits = good(now);
      }
      if (fits && seen >= same) {
        this.last = shot;
        return { at };
      }
    }
    return null;
  }
}

function isColoured(data, i) {
  const [red, green, blue] = [data[i], data[i + 1], data[i + 2]];
  return Math.max(red, green, blue) - Math.min(red, green, blue) > COLOUR;
}
