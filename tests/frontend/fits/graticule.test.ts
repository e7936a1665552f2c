// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Requester } from '../../../src/core/request';
import { Graticule } from '../../../src/widgets/fits/graticule';
import { FakeKernel, settle } from './fake';

const SCREEN = { width: 400, height: 300 };
const VIEW = { x: 199.5, y: 149.5, zoom: 1 };

/** The labels that are drawn of some at places in array pixels; the image is as large as the screen. */
async function drawn(labels: readonly { text: string; x: number; y: number }[]): Promise<string[]> {
  const kernel = new FakeKernel();
  kernel.answers.graticule = msg => ({
    meta: {
      ...msg,
      shape: [1, 2, 2],
      dtype: 'f4',
      labels: labels.map(label => ({ ...label, axis: 'lat' })),
      north: [0, 1],
      east: [-1, 0],
      scale: 0,
      frame: 'ICRS'
    },
    buffers: [new DataView(Float32Array.from([0, 10, 399, 10]).buffer)]
  });
  const graticule = new Graticule({ came: () => undefined, failed: () => undefined });
  graticule.connect(new Requester(kernel));
  const show = () =>
    graticule.show({ hdu: 0, plane: 0, system: 'own', angles: 'degrees' }, VIEW, SCREEN, SCREEN);
  show();
  await vi.advanceTimersByTimeAsync(200);
  await settle();
  show();
  graticule.dispose();
  return [...graticule.element.querySelectorAll('text')].map(({ textContent }) => textContent!);
}

describe('The graticule', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('leaves out a label that would be written over the compass', async () => {
    // The compass stands in the corner below left, its N some 72 pixels above the edge.
    const labels = [
      { text: '10', x: 20, y: 70 },
      { text: '20', x: 20, y: 150 },
      { text: '30', x: 120, y: 70 }
    ];
    expect(await drawn(labels)).toEqual(['20', '30', 'N', 'E']);
  });

  it('leaves out a label that would be written over another', async () => {
    const labels = [
      { text: '10', x: 200, y: 150 },
      { text: '20', x: 205, y: 155 },
      { text: '30', x: 205, y: 250 }
    ];
    expect(await drawn(labels)).toEqual(['10', '30', 'N', 'E']);
  });
});
