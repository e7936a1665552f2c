import { describe, expect, it } from 'vitest';
import { colour, COLORMAPS, NO_VALUE, table } from '../../../src/core/colormap';

describe('table', () => {
  it.each([
    ['grey', [0, 0, 0], [128, 128, 128], [255, 255, 255]],
    ['viridis', [68, 1, 84], [33, 145, 140], [253, 231, 37]],
    ['inferno', [0, 0, 4], [188, 55, 84], [252, 255, 164]],
    ['magma', [0, 0, 4], [183, 55, 121], [252, 253, 191]],
    ['heat', [0, 0, 0], [255, 128, 0], [255, 255, 255]],
    ['cubehelix', [0, 0, 0], [161, 121, 74], [255, 255, 255]],
    ['cool', [0, 0, 0], [11, 97, 242], [255, 255, 255]],
    ['rainbow', [255, 0, 255], [0, 255, 125], [255, 0, 0]]
  ] as const)('%s has the published first, middle and last colour', (name, first, middle, last) => {
    expect(colour(name, 0)).toEqual(first);
    colour(name, 128 / 255).forEach((channel, c) =>
      expect(Math.abs(channel - middle[c])).toBeLessThanOrEqual(1)
    );
    expect(colour(name, 1)).toEqual(last);
  });

  it.each(COLORMAPS)('%s has 256 colours and is made once', name => {
    expect(table(name)).toHaveLength(768);
    expect(table(name)).toBe(table(name));
  });

  it.each(COLORMAPS)('%s has no colour near those of pixels without a value', name => {
    const rgb = table(name);
    for (let i = 0; i < 256; i++) {
      for (const hatch of NO_VALUE) {
        const away = Math.hypot(...hatch.map((channel, c) => channel - rgb[3 * i + c]));
        expect(away).toBeGreaterThan(50);
      }
    }
  });
});

describe('colour', () => {
  it('clips brightness beyond 0 and 1', () => {
    expect(colour('viridis', -3)).toEqual(colour('viridis', 0));
    expect(colour('viridis', 3)).toEqual(colour('viridis', 1));
  });
});
