import type { PageMeta, TracesMeta, WaveformTraits } from '../../../src/core/waveforms';
import type { State } from '../../../src/widgets/waveforms/state';
import { AnsweringChannel, type Answer } from '../common/answeringChannel';

export function traits(values: Partial<WaveformTraits> = {}): WaveformTraits {
  return { channel: 'anywidget:channel', has_model: false, ...state(), ...values };
}

export function state(values: Partial<State> = {}): State {
  return {
    trace: 0,
    traces: [],
    mode: 'overlay',
    align_by: 'peak',
    image: 'persistence',
    colormap: 'viridis',
    brightness: 'log',
    filter: {},
    sort: ['trace', 'asc'],
    time_range: null,
    value_range: null,
    height: 260,
    ...values
  };
}

export function facts(values: Partial<TracesMeta> = {}): TracesMeta {
  return {
    name: 'traces.npz',
    title: '',
    traces: 20,
    samples: 1000,
    dtype: 'float32',
    unit: '',
    sample_period: null,
    trigger: null,
    channel: '',
    has_model: false,
    columns: ['trace', 'peak'],
    warnings: [],
    ...values
  };
}

const floats = (values: readonly number[]): DataView =>
  new DataView(Float32Array.from(values).buffer as ArrayBuffer);
const counts = (values: readonly number[]): DataView =>
  new DataView(Uint32Array.from(values).buffer as ArrayBuffer);

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Msg = any;

export function page(msg: Msg, values: Partial<PageMeta> = {}): PageMeta & { ready: true } {
  return {
    ready: true,
    total: 20,
    start: msg.start,
    columns: [
      { name: 'trace', unit: '', kind: 'number' },
      { name: 'peak', unit: 'mV', kind: 'number' }
    ],
    rows: Array.from({ length: Math.min(20, msg.count) }, (_, i) => [i, i / 10]),
    place: msg.trace,
    progress: null,
    ...values
  };
}

/** A data channel with a kernel behind it, which answers at once. */
export class FakeKernel extends AnsweringChannel<Msg> {
  answers: Record<string, (msg: Msg) => Answer> = {
    hello: () => ({ meta: { protocol: 1, version: '0.1.0' } }),
    describe: () => ({ meta: facts() }),
    picture: ({ image, samples }) => ({
      meta: {
        ready: true,
        image,
        samples,
        total: 20,
        shape: [1, 2, 2],
        dtype: 'u4',
        values: [-1, 1],
        most: 7
      },
      buffers:
        image === 'heat map' ? [counts([1, 2, 3, 7]), counts([0, 10])] : [counts([0, 2, 3, 7])]
    }),
    envelope: ({ traces, start, stop, lines }) => ({
      meta: {
        ready: true,
        shape: [2, traces.length, 2],
        dtype: 'f4',
        traces,
        start,
        stop,
        shifts: traces.map(() => 0),
        exact: false,
        lines
      },
      buffers: (lines as string[]).map(() =>
        floats(Array.from({ length: 4 * traces.length }, (_, i) => i))
      )
    }),
    pulses: ({ traces }) => ({
      meta: { pulses: traces.map(() => []), shifts: traces.map(() => 0) }
    }),
    probe: ({ traces, samples }) => ({
      meta: {
        values: traces.map((trace: number, i: number) => ({
          trace,
          sample: samples[i],
          value: 1,
          text: `${trace}.5 mV`
        }))
      }
    }),
    table: msg => ({ meta: page(msg) }),
    step: ({ trace, by }) => ({
      meta: { ready: true, trace: Math.min(19, Math.max(0, trace + by)), place: 0, total: 20 }
    }),
    histogram: ({ column }) => ({
      meta: {
        ready: true,
        shape: [1, 2, 2],
        dtype: 'u4',
        column,
        low: 0,
        high: 2,
        log: false,
        missing: 0
      },
      buffers: [counts([10, 10, 5, 5])]
    })
  };
}
