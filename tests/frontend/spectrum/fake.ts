import type { SpectrumMeta, SpectrumTraits } from '../../../src/core/spectrum';
import { AnsweringChannel, type Answer } from '../common/answeringChannel';
import { settle } from '../core/fakeChannel';

export function traits(values: Partial<SpectrumTraits> = {}): SpectrumTraits {
  return {
    channel: 'anywidget:channel',
    redshift: 0,
    unit: 'own',
    medium: 'vacuum',
    reference: 'H-alpha',
    smoothing: 'none',
    width: 5,
    errors: true,
    mask: true,
    lines: ['hydrogen'],
    x_range: null,
    y_range: null,
    height: 300,
    version: 0,
    ...values
  };
}

export function facts(values: Partial<SpectrumMeta> = {}): SpectrumMeta {
  return {
    name: 'quasar.fits',
    pixels: 3,
    unit: 'Angstrom',
    flux_unit: 'Jy',
    medium: 'vacuum',
    has_units: true,
    has_errors: true,
    has_mask: true,
    redshift: null,
    lines: [
      { name: 'H-alpha', label: 'Hα', wavelength: 6564.632, group: 'hydrogen', seen: 'both' }
    ],
    warnings: [],
    ...values
  };
}

const bytes = (values: readonly number[]): DataView =>
  new DataView(Float32Array.from(values).buffer as ArrayBuffer);

type Msg = Record<string, number>;

/** A data channel with a kernel behind it, which answers at once unless it is held. */
export class FakeKernel extends AnsweringChannel<Msg> {
  answers: Record<string, (msg: Msg) => Answer> = {
    hello: () => ({ meta: { protocol: 1, version: '0.1.0' } }),
    describe: () => ({ meta: facts() }),
    curve: () => ({
      meta: {
        shape: [1, 5, 3],
        dtype: 'f4',
        zero: 6000,
        full: [6000, 7000],
        exact: true,
        pixels: 3,
        shaded: [[6100, 6200]]
      },
      buffers: [bytes([0, 500, 1000, 1, 2, 3, 1, 2, 3, 0, 1, 2, 2, 3, 4])]
    }),
    probe: ({ x }) => ({
      meta: { pixel: 1, x: Math.round(x), flux: 2.5, error: 0.25, bad: false }
    }),
    measure: () => ({ meta: measures() }),
    measures: () => ({ meta: measures() }),
    clear: () => ({ meta: {} }),
    save: () => ({ meta: { name: 'quasar.py', bytes: 1 }, buffers: [bytes([1])] })
  };
}

function measures() {
  const measure = {
    low: 6400,
    high: 6700,
    centroid: 6564.2,
    centroid_err: 0.31,
    flux: 12.5,
    flux_err: 0.4,
    ew: -6.2,
    ew_err: 0.2,
    ew_rest: -6.2,
    center: 6564.5,
    center_err: 0.2,
    fwhm: 20.1,
    fwhm_err: 0.5,
    fwhm_velocity: 918.2,
    fitted: true,
    x: [6400, 6700],
    fit: [1, 1],
    continuum: [1, 1]
  };
  return { measures: [measure], units: { axis: 'Angstrom', flux: 'Jy' } };
}

export { settle };
