import type { RecordMeta, StrainTraits } from '../../../src/core/strain';
import { AnsweringChannel, type Answer } from '../common/answeringChannel';
import { settle } from '../core/fakeChannel';

export const EPOCH = 1126259446;

export function traits(values: Partial<StrainTraits> = {}): StrainTraits {
  return {
    channel: 'anywidget:channel',
    center: EPOCH + 16,
    window: 2,
    span: null,
    q: 12,
    frange: [20, 500],
    whiten: true,
    band: null,
    notches: [],
    panels: ['time', 'asd', 'spectrogram', 'q'],
    colormap: 'viridis',
    height: 240,
    ...values
  };
}

export function record(values: Partial<RecordMeta> = {}): RecordMeta {
  return {
    name: 'H1.hdf5',
    detector: 'H1',
    unit: 'strain',
    sample_rate: 4096,
    epoch: EPOCH,
    gps: true,
    duration: 32,
    samples: 131072,
    flags: [],
    glitches: [],
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
    describe: () => ({ meta: record() }),
    series: ({ start, stop }) => ({
      meta: { shape: [1, 2, 2], dtype: 'f4', start, stop, exact: false, unit: 'σ' },
      buffers: [bytes([-3, -1, 2, 4])]
    }),
    asd: () => ({
      meta: {
        whole: { shape: [1, 2, 3], dtype: 'f4' },
        selected: { shape: [1, 2, 1], dtype: 'f4' },
        unit: 'σ/√Hz'
      },
      buffers: [bytes([10, 100, 1000, 1, 0.1, 0.01]), bytes([100, 0.5])]
    }),
    spectrogram: ({ start, stop }) => ({
      meta: {
        shape: [1, 2, 2],
        dtype: 'f4',
        start,
        stop,
        low: 20,
        high: 500,
        limits: [-2, 0],
        seconds: 0.5,
        unit: 'σ/√Hz'
      },
      buffers: [bytes([-2, -1, 0, NaN])]
    }),
    q: ({ center, window, q }) => ({
      meta: {
        shape: [1, 2, 2],
        dtype: 'f4',
        start: center - window / 2,
        stop: center + window / 2,
        low: 20,
        high: 500,
        q,
        peak: { energy: 40, frequency: 100, time: center }
      },
      buffers: [bytes([1, 2, 40, 4])]
    })
  };
}

export { settle };
