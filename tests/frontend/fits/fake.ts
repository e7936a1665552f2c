import { vi } from 'vitest';
import type { DescribeMeta, FitsTraits, HduFacts } from '../../../src/core/protocol';
import { AnsweringChannel, type Answer } from '../common/answeringChannel';
import { settle } from '../core/fakeChannel';

export const HOSTILE = '<img src=x onerror=alert(1)>';

export function traits(values: Partial<FitsTraits> = {}): FitsTraits {
  return {
    channel: 'anywidget:channel',
    hdu: 0,
    plane: 0,
    stretch: 'linear',
    colormap: 'grey',
    reverse: false,
    contrast: 1,
    bias: 0.5,
    system: 'own',
    angles: 'sexagesimal',
    graticule: false,
    histogram: false,
    limits: 'zscale',
    view: null,
    height: 480,
    shapes: [],
    selected_shapes: [],
    contour_sets: [],
    composite: false,
    band_limits: null,
    catalogue_layers: [],
    catalogue_table: '',
    catalogue_panel: false,
    playing: false,
    play_speed: 8,
    play_order: 'loop',
    spectral_unit: '',
    doppler_convention: '',
    rest: '',
    spectra: false,
    pinned: [],
    channel_range: null,
    slice_path: null,
    slice_width: 1,
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
    histogram: msg => ({
      meta: {
        ...msg,
        shape: [1, 1, 4],
        dtype: 'u4',
        low: -5,
        high: 15,
        below: 1,
        above: 2,
        blank: 3,
        sampled: true
      },
      buffers: [new DataView(Uint32Array.from([1, 0, 0, 3]).buffer)]
    }),
    graticule: msg => ({
      meta: {
        ...msg,
        shape: [1, 4, 2],
        dtype: 'f4',
        labels: [{ text: HOSTILE, x: 1, y: -0.5, axis: 'lon' }],
        north: [0, 1],
        east: [-1, 0],
        scale: 1 / 3600,
        frame: 'ICRS'
      },
      buffers: [new DataView(Float32Array.from([1, -0.5, 1, 2, NaN, NaN, 2, 2]).buffer)]
    }),
    preparing: msg => ({ meta: { ...msg, state: 'whole', done: 1, said: '', bytes: 48 } }),
    cube: msg => ({
      meta: {
        ...msg,
        shape: [1, 1, 5],
        dtype: 'f4',
        lead: [5],
        channel_axis: 0,
        stokes_axis: null,
        polarisations: [],
        kind: 'channel',
        quantity: 'channel',
        unit: '',
        frame: '',
        convention: '',
        rest: '',
        units: [],
        value_unit: '',
        note: ''
      },
      buffers: [
        new DataView(Float32Array.from([0, 1, 2, 3, 4]).buffer),
        new DataView(new Float32Array(5).buffer)
      ]
    }),
    probe: msg => ({ meta: { ...msg, value: 5, text: '5 DN', sky: null } })
  };
}

/** Stands in for what jsdom does not have: no WebGL2 in this browser, and no page whose parts have sizes. */
export function withoutWebGL(): void {
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      disconnect() {}
    }
  );
}

export { settle };
