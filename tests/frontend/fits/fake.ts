import { vi } from 'vitest';
import type { DescribeMeta, FitsTraits, HduFacts } from '../../../src/core/protocol';
import { AnsweringChannel, type Answer } from '../common/answeringChannel';
import { settle } from '../core/fakeChannel';

export function traits(values: Partial<FitsTraits> = {}): FitsTraits {
  return {
    channel: 'anywidget:channel',
    hdu: 0,
    plane: 0,
    stretch: 'linear',
    colormap: 'grey',
    limits: 'zscale',
    view: null,
    height: 480,
    ...values
  };
}

export function hdu(index: number, values: Partial<HduFacts> = {}): HduFacts {
  return {
    index,
    name: index ? `EXT${index}` : 'PRIMARY',
    version: 1,
    kind: 'image',
    shape: [3, 4],
    dtype: 'float32',
    unit: '',
    note: '',
    viewable: true,
    ...values
  };
}

export function facts(values: Partial<DescribeMeta> = {}): DescribeMeta {
  return {
    name: 'field.fits',
    hdu: 0,
    kind: 'image',
    width: 4,
    height: 3,
    planes: 1,
    levels: 1,
    tile: 512,
    unit: 'DN',
    dtype: 'float32',
    frame: '',
    hdus: [hdu(0)],
    warnings: [],
    ...values
  };
}

/** A data channel with a kernel behind it, which answers at once unless it is held. */
export class FakeKernel extends AnsweringChannel<Record<string, never>> {
  answers: Record<string, (msg: Record<string, never>) => Answer> = {
    hello: () => ({ meta: { protocol: 1, version: '0.1.0' } }),
    describe: () => ({ meta: facts() }),
    overview: msg => ({
      meta: { ...msg, shape: [1, 3, 4], dtype: 'f4', step: 1, reduction: 'full' },
      buffers: [new DataView(Float32Array.from({ length: 12 }, (_, i) => i).buffer)]
    }),
    limits: msg => ({ meta: { ...msg, low: 1, high: 9 } }),
    probe: msg => ({ meta: { ...msg, value: 5, text: '5 DN', sky: null } })
  };
}

/** Stands in for what jsdom does not have: no WebGL2 in this browser. */
export function withoutWebGL(): void {
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
}

export { settle };
