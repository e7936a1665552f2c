import { describe, expect, it } from 'vitest';
import {
  clampView,
  fitView,
  imageToScreen,
  isInside,
  levelFor,
  panned,
  pixelAt,
  screenToImage,
  snapped,
  tileBox,
  visibleBox,
  visibleTiles,
  zoomAbout,
  zoomRange,
  type Point,
  type Size
} from '../../../src/core/geometry';
import type { View } from '../../../src/core/protocol';

interface Case {
  image: Size;
  screen: Size;
  view: View;
  point: Point;
}

/** Gives many views, the same ones each time: a small linear congruential generator. */
function cases(count = 300): Case[] {
  let state = 12345;
  const random = () => (state = (1103515245 * state + 12345) % 2 ** 31) / 2 ** 31;
  const between = (low: number, high: number) => low + (high - low) * random();
  return Array.from({ length: count }, () => {
    const image = { width: Math.ceil(between(0, 5000)), height: Math.ceil(between(0, 5000)) };
    const screen = { width: between(50, 2000), height: between(50, 1200) };
    const wild = {
      x: between(-100, image.width + 100),
      y: between(-100, image.height + 100),
      zoom: 2 ** between(-9, 7)
    };
    const point = { x: between(0, screen.width), y: between(0, screen.height) };
    return { image, screen, view: clampView(wild, image, screen), point };
  });
}

describe('fitView', () => {
  it('shows the whole image, and fills the screen in one direction', () => {
    for (const { image, screen } of cases()) {
      const view = fitView(image, screen);
      const corner = imageToScreen(view, screen, { x: -0.5, y: image.height - 0.5 });
      expect(corner.x).toBeGreaterThanOrEqual(-1e-6);
      expect(corner.y).toBeGreaterThanOrEqual(-1e-6);
      expect(Math.min(corner.x, corner.y)).toBeCloseTo(0, 6);
      expect(clampView(view, image, screen)).toEqual(view);
    }
  });
});

describe('screenToImage', () => {
  it('puts row 0 at the bottom and pixel centres at integers', () => {
    const view = { x: 1, y: 1, zoom: 10 };
    const screen = { width: 30, height: 30 };
    expect(screenToImage(view, screen, { x: 5, y: 25 })).toEqual({ x: 0, y: 0 });
    expect(screenToImage(view, screen, { x: 25, y: 5 })).toEqual({ x: 2, y: 2 });
    expect(screenToImage(view, screen, { x: 0, y: 30 })).toEqual({ x: -0.5, y: -0.5 });
  });

  it('is undone by imageToScreen', () => {
    for (const { screen, view, point } of cases()) {
      const back = imageToScreen(view, screen, screenToImage(view, screen, point));
      expect(back.x).toBeCloseTo(point.x, 6);
      expect(back.y).toBeCloseTo(point.y, 6);
    }
  });
});

describe('zoomAbout', () => {
  it('keeps the image under the cursor in place while the centre stays on the image', () => {
    let kept = 0;
    for (const { image, screen, view, point } of cases()) {
      const next = zoomAbout(view, image, screen, point, 1.3);
      const free = next.x > -0.5 && next.x < image.width - 0.5 && next.y > -0.5;
      if (free && next.y < image.height - 0.5) {
        kept += 1;
        const before = screenToImage(view, screen, point);
        const after = screenToImage(next, screen, point);
        expect(after.x).toBeCloseTo(before.x, 6);
        expect(after.y).toBeCloseTo(before.y, 6);
      }
    }
    expect(kept).toBeGreaterThan(100);
  });

  it('never leaves the range of zooms', () => {
    for (const { image, screen, view, point } of cases()) {
      const [least, most] = zoomRange(image, screen);
      expect(zoomAbout(view, image, screen, point, 1e9).zoom).toBe(most);
      expect(zoomAbout(view, image, screen, point, 1e-9).zoom).toBe(least);
    }
  });
});

describe('panned', () => {
  it('moves what is under the cursor with it', () => {
    const image = { width: 100, height: 100 };
    const screen = { width: 50, height: 50 };
    expect(panned({ x: 50, y: 50, zoom: 2 }, image, screen, 10, 6)).toEqual({
      x: 45,
      y: 53,
      zoom: 2
    });
  });

  it('stops when the centre reaches the edge of the image', () => {
    for (const { image, screen, view } of cases()) {
      const far = panned(view, image, screen, -1e9, -1e9);
      expect([far.x, far.y]).toEqual([image.width - 0.5, -0.5]);
    }
  });
});

describe('snapped', () => {
  it('moves by half a device pixel at most and puts the corner between device pixels', () => {
    for (const { screen, view } of cases()) {
      for (const density of [1, 1.25, 2]) {
        const near = snapped(view, screen, density);
        const scale = view.zoom * density;
        expect(Math.abs(near.x - view.x) * scale).toBeLessThanOrEqual(0.5 + 1e-6);
        expect(Math.abs(near.y - view.y) * scale).toBeLessThanOrEqual(0.5 + 1e-6);
        const corner = Math.round(screen.width * density) / 2 - (near.x + 0.5) * scale;
        expect(Math.abs(corner - Math.round(corner))).toBeLessThan(1e-6);
      }
    }
  });
});

describe('levelFor', () => {
  it('gives level pixels of 1 to 2 device pixels, full resolution when magnified', () => {
    for (let scale = 0.001; scale < 100; scale *= 1.07) {
      const level = levelFor(scale, 30);
      const size = scale * 2 ** level;
      expect(level === 0 ? size >= 1 : size >= 1 - 1e-6 && size < 2).toBe(true);
    }
    expect([1, 0.5, 0.25, 64].map(scale => levelFor(scale, 10))).toEqual([0, 1, 2, 0]);
    expect(levelFor(1e-6, 4)).toBe(3);
  });
});

describe('visibleTiles', () => {
  it('gives each tile that the screen shows, once, and no other', () => {
    for (const { image, screen, view } of cases(120)) {
      const level = Math.max(0, levelFor(view.zoom, 5) - 1);
      const seen = visibleTiles(view, image, screen, level, 512);
      const box = visibleBox(view, image, screen);
      const span = 512 * 2 ** level;
      const expected = [];
      for (let y = 0; y * span < image.height; y++) {
        for (let x = 0; x * span < image.width; x++) {
          const tile = tileBox({ level, x, y }, image, 512);
          const across = tile.left < box.right && tile.right > box.left;
          if (across && tile.bottom < box.top && tile.top > box.bottom) {
            expected.push(`${x},${y}`);
          }
        }
      }
      expect(seen.map(({ x, y }) => `${x},${y}`).sort()).toEqual(expected.sort());
    }
  });

  it('gives the one nearest to the centre first', () => {
    const image = { width: 4096, height: 4096 };
    const screen = { width: 2000, height: 1500 };
    const [first] = visibleTiles({ x: 1300, y: 2800, zoom: 1 }, image, screen, 0, 512);
    expect(first).toEqual({ level: 0, x: 2, y: 5 });
  });

  it('gives none for an image off the screen', () => {
    const image = { width: 100, height: 100 };
    const away = { x: 1000, y: 1000, zoom: 1 };
    expect(visibleTiles(away, image, { width: 10, height: 10 }, 0, 512)).toEqual([]);
  });
});

describe('tileBox', () => {
  it('ends at the edge of the image, whose last level pixels may be partial', () => {
    const image = { width: 1300, height: 700 };
    expect(tileBox({ level: 1, x: 1, y: 0 }, image, 512)).toEqual({
      left: 1023.5,
      right: 1299.5,
      bottom: -0.5,
      top: 699.5
    });
  });
});

describe('pixelAt', () => {
  it('names the pixel whose centre is nearest', () => {
    expect(pixelAt({ x: -0.5, y: 0.49 })).toEqual({ x: 0, y: 0 });
    expect(pixelAt({ x: 2.5, y: -0.51 })).toEqual({ x: 3, y: -1 });
    expect(isInside({ x: -0.51, y: 0 }, { width: 2, height: 2 })).toBe(false);
    expect(isInside({ x: 1.49, y: 1.49 }, { width: 2, height: 2 })).toBe(true);
  });
});
