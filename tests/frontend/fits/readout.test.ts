// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Requester } from '../../../src/core/request';
import { Readout } from '../../../src/widgets/fits/readout';
import { facts, FakeKernel, settle } from './fake';

function start() {
  const kernel = new FakeKernel();
  const errors: unknown[] = [];
  const readout = new Readout(error => void errors.push(error));
  readout.connect(new Requester(kernel));
  readout.setImage(facts({ width: 800, height: 700 }), { hdu: 0, plane: 2 });
  return { kernel, readout, errors, text: () => readout.element.textContent };
}

const PIECES = { frame: 'FK5', lon: 1, lat: 2, text: '17h45m40.04s -29d00m28.1s' };

describe('Readout', () => {
  beforeEach(
    () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  );
  afterEach(() => void vi.useRealTimers());

  it('reads x, y, the value, the sky and the zoom', async () => {
    const { kernel, readout, text } = start();
    kernel.answers.probe = msg => ({ meta: { ...msg, value: 1, text: '1234.5 DN', sky: PIECES } });
    readout.setView({ x: 360.2, y: 360.9 }, 0.5);
    expect(text()).toBe('x 360  y 361  |  …  |  zoom 50 %');
    await vi.advanceTimersByTimeAsync(40);
    await settle();
    expect(text()).toBe(
      'x 360  y 361  |  1234.5 DN  |  FK5 17h45m40.04s -29d00m28.1s  |  zoom 50 %'
    );
    expect(kernel.msgs('probe')).toEqual([
      { x: 360.2, y: 360.9, hdu: 0, plane: 2, system: 'own', angles: 'sexagesimal' }
    ]);
  });

  it('reads from another image of the same pixels, and says which', async () => {
    const { kernel, readout, text } = start();
    readout.setView({ x: 3, y: 4 }, 1);
    await vi.advanceTimersByTimeAsync(40);
    await settle();
    readout.readOf(5, '2020-08-13');
    expect(text()).toBe('2020-08-13  |  x 3  y 4  |  …  |  zoom 100 %');
    await vi.advanceTimersByTimeAsync(40);
    await settle();
    expect(kernel.msgs('probe')).toMatchObject([{ hdu: 0 }, { hdu: 5, plane: 2 }]);
    readout.readOf(null, '');
    await vi.advanceTimersByTimeAsync(40);
    await settle();
    expect(kernel.msgs('probe')).toHaveLength(3);
    expect(text()).not.toContain('2020');
  });

  it('asks for the newest position only, and one at a time', async () => {
    const { kernel, readout } = start();
    kernel.held = true;
    for (let x = 0; x < 10; x++) {
      readout.setView({ x, y: 0 }, 1);
    }
    await vi.advanceTimersByTimeAsync(40);
    expect(kernel.msgs('probe')).toMatchObject([{ x: 9 }]);
    readout.setView({ x: 20, y: 0 }, 1);
    readout.setView({ x: 30, y: 0 }, 1);
    await vi.advanceTimersByTimeAsync(100);
    expect(kernel.msgs('probe')).toHaveLength(1);
    kernel.release();
    await settle();
    await vi.advanceTimersByTimeAsync(40);
    expect(kernel.msgs('probe')).toMatchObject([{ x: 9 }, { x: 30 }]);
  });

  it('gives up a read-out that takes too long for a newer one', async () => {
    const { kernel, readout } = start();
    kernel.held = true;
    readout.setView({ x: 1, y: 0 }, 1);
    await vi.advanceTimersByTimeAsync(1100);
    readout.setView({ x: 2, y: 0 }, 1);
    await vi.advanceTimersByTimeAsync(40);
    expect(kernel.cancelled).toHaveLength(1);
    expect(kernel.msgs('probe')).toMatchObject([{ x: 1 }, { x: 2 }]);
  });

  it('does not leave an old value beside a new position', async () => {
    const { kernel, readout, text } = start();
    readout.setView({ x: 1, y: 0 }, 1);
    await vi.advanceTimersByTimeAsync(40);
    await settle();
    expect(text()).toContain('5 DN');
    kernel.held = true;
    readout.setView({ x: 2, y: 0 }, 1);
    await vi.advanceTimersByTimeAsync(260);
    expect(text()).toBe('x 2  y 0  |  …  |  zoom 100 %');
  });

  it('asks nothing outside the image, and shows its size instead', async () => {
    const { kernel, readout, text } = start();
    readout.setView({ x: -0.6, y: 3 }, 2);
    await vi.advanceTimersByTimeAsync(100);
    expect(kernel.sent).toEqual([]);
    expect(text()).toBe('800 × 700 px  |  zoom 200 %');
  });

  it('forgets the value when another plane is shown', async () => {
    const { kernel, readout, text } = start();
    readout.setView({ x: 1, y: 0 }, 1);
    await vi.advanceTimersByTimeAsync(40);
    await settle();
    kernel.held = true;
    readout.setImage(facts({ width: 800, height: 700 }), { hdu: 0, plane: 3 });
    expect(text()).toContain('…');
    await vi.advanceTimersByTimeAsync(40);
    expect(kernel.msgs('probe').at(-1)).toMatchObject({ plane: 3 });
  });

  it('reports an error once for a position', async () => {
    const { kernel, readout, errors } = start();
    kernel.answers.probe = () => ({ error: { code: 'damaged', message: 'cut' } });
    readout.setView({ x: 1, y: 0 }, 1);
    await vi.advanceTimersByTimeAsync(500);
    await settle();
    readout.setView({ x: 1, y: 0 }, 3);
    await vi.advanceTimersByTimeAsync(500);
    expect(errors).toHaveLength(1);
  });
});
