import type { LabelsMeta, LatentMeta, LatentTraits, StateMeta } from '../../../src/core/latent';
import { AnsweringChannel, type Answer } from '../common/answeringChannel';
import { settle } from '../core/fakeChannel';

export const HOSTILE = '<img src=x onerror=alert(1)>';

export function traits(values: Partial<LatentTraits> = {}): LatentTraits {
  return {
    channel: 'anywidget:channel',
    garage: [
      [-1, 1],
      [-2, 2]
    ],
    color: 'signal',
    point: -1,
    selection: [],
    filters: [],
    kept: {},
    work: {},
    tab: 'matrix',
    x: 'z0',
    y: HOSTILE,
    size: '',
    renderer: 'cpu',
    axes: [0, 1],
    limits: 'all',
    height: 640,
    ...values
  };
}

export function facts(values: Partial<LatentMeta> = {}): LatentMeta {
  const axis = (name: string) => ({
    name,
    low: -4,
    high: 6,
    central: [-3, 5] as const,
    constant: false
  });
  return {
    points: 3,
    many: false,
    invalid: 0,
    chunk: 2,
    axes: [axis('z0'), axis(HOSTILE)],
    median: [0, 0.5],
    columns: [
      { name: 'signal', kind: 'categorical' },
      { name: 'peak', kind: 'continuous' }
    ],
    numbers: ['z0', HOSTILE, 'peak'].map(name => ({ name, low: -4, high: 6 })),
    group: 'signal',
    noise: 2,
    signals: 1,
    traces: true,
    decoder: true,
    events: '',
    labels: null,
    history: false,
    sample_period: null,
    warnings: [],
    ...values
  };
}

const floats = (...values: number[]): DataView =>
  new DataView(Float32Array.from(values).buffer as ArrayBuffer);
const bytes = (...values: number[]): DataView =>
  new DataView(Uint8Array.from(values).buffer as ArrayBuffer);

const Z = [
  [0, 0.5, 5],
  [0, -0.5, -3]
];

type Msg = Record<string, never>;

/** A data channel with a kernel behind it, which answers at once unless it is held. */
export class FakeKernel extends AnsweringChannel<Msg> {
  garage: [number, number][] = [
    [-1, 1],
    [-2, 2]
  ];
  before: [number, number][][] = [];

  answers: Record<string, (msg: Msg) => Answer> = {
    hello: () => ({ meta: { protocol: 1, version: '0.1.0' } }),
    describe: () => ({ meta: facts() }),
    values: ({ name, start }) => {
      const part = (name === HOSTILE ? Z[1] : Z[0]).slice(start, start + 2);
      return {
        meta: { shape: [1, 1, part.length], dtype: 'f4', name, start },
        buffers: [floats(...part)]
      };
    },
    mask: () => this.mask(),
    select: ({ step }) => {
      this.selection = step === null ? [] : [step];
      return this.mask();
    },
    lasso: ({ polygon, op, x, y }) => {
      this.selection = [{ op, lasso: { x, y, polygon } }];
      return this.mask();
    },
    travel: () => this.mask(),
    filter: ({ steps }) => {
      this.filters = steps as unknown as object[];
      return this.mask();
    },
    keep: ({ name }) => ({ meta: { kept: [name] } }),
    histogram: ({ name, bins }) => ({
      meta: { shape: [1, 2, bins], dtype: 'u4', name, low: 0, high: 10 },
      buffers: [new DataView(new Uint32Array(2 * (bins as number)).buffer)]
    }),
    gallery: ({ start }) => ({
      meta: { total: 3, start, rows: [0, 1, 2], captions: [['7'], [HOSTILE, '2.5'], ['9']] }
    }),
    thumbnails: ({ rows, width, height }) => {
      const [count, w, h] = [(rows as unknown as number[]).length, Number(width), Number(height)];
      return {
        meta: { shape: [count, h, w], dtype: 'u1', rows, width: w, height: h },
        buffers: [new DataView(new ArrayBuffer(count * w * h))]
      };
    },
    find: ({ text }) =>
      text === '9'
        ? { meta: { point: 2 } }
        : { error: { code: 'unknown-name', message: `no point has the id '${String(text)}'` } },
    label: ({ name }) => ({
      meta: { ...this.labels, counts: { glitch: 2 }, undo: true, labelled: name === null ? 0 : 2 }
    }),
    label_step: () => ({ meta: { ...this.labels, redo: true } }),
    project: () => ({ meta: {} }),
    cancel_work: () => ({ meta: {} }),
    column: ({ name }) => ({
      meta: {
        name,
        kind: name === 'peak' ? 'continuous' : 'categorical',
        low: 1,
        high: 9,
        missing: 0,
        categories:
          name === 'peak'
            ? []
            : [
                { name: 'no', count: 2 },
                { name: HOSTILE, count: 1 }
              ]
      },
      buffers: [bytes(0, 0, 1)]
    }),
    state: () => ({ meta: this.state() }),
    move: msg => {
      const { axis, low, high } = msg as unknown as { axis: number; low: number; high: number };
      this.before.push(this.garage.map(([a, b]) => [a, b]));
      this.garage[axis] = [low, high];
      return { meta: this.state() };
    },
    step: () => {
      this.garage = this.before.shift() ?? this.garage;
      this.before = [];
      return { meta: this.state() };
    },
    calibrate: () => ({ meta: this.state() }),
    export: () => ({ meta: { name: 'garage.json', text: '{}' } }),
    point: ({ point }) => ({
      meta: {
        point,
        id: String(Number(point) + 7),
        z: ['0', '0'],
        inside: true,
        values: [['peak', HOSTILE]],
        facts: []
      }
    }),
    curves: ({ point, z }) => ({
      meta: {
        point,
        z: z ?? [0, 0],
        curves:
          point < 0
            ? [{ name: 'decoded', samples: 2, shape: [1, 1, 2], dtype: 'f4' }]
            : ['trace', 'decoded', 'residual'].map(name => ({
                name,
                samples: 2,
                shape: [1, 1, 2],
                dtype: 'f4'
              })),
        notes: [],
        ...(point < 0 ? {} : { loss: 8, rms: 2 })
      },
      buffers: [floats(1, 2), floats(3, 4), floats(-2, -2)].slice(0, point < 0 ? 1 : 3)
    }),
    history: () => ({
      meta: {
        shape: [1, 2, 3],
        dtype: 'f4',
        starts: [
          { round: 0, start: 0, collapsed: '', count: 2, best: 3 },
          { round: 0, start: 1, collapsed: HOSTILE, count: 1, best: 9 }
        ],
        rounds: [{ round: 0, end: 2 }],
        loss: 'val_loss'
      },
      buffers: [floats(1, 2, 1, 4, 3, 9)]
    })
  };

  selection: object[] = [];
  filters: object[] = [];
  labels: LabelsMeta = {
    classes: [
      { name: 'glitch', color: '#0072b2', hotkey: '1' },
      { name: HOSTILE, color: '#d55e00', hotkey: null }
    ],
    counts: {},
    undo: false,
    redo: false,
    annotator: 'ada'
  };

  /** Points 0 and 1 are what every selection holds; filters leave 0 and 1, too. */
  mask(): Answer {
    const meta = {
      count: this.selection.length ? 2 : 0,
      shown: this.filters.length ? 2 : 3,
      selection: this.selection,
      filters: this.filters,
      words: this.selection.length ? HOSTILE : '',
      filter: this.filters.length ? 'peak 1 to 2' : '',
      back: this.selection.length,
      forward: 0
    };
    return {
      meta,
      buffers: [bytes(this.selection.length ? 3 : 0), bytes(this.filters.length ? 3 : 7)]
    };
  }

  state(): StateMeta {
    const inside = [0, 1, 2].filter(i =>
      this.garage.every(([low, high], axis) => Z[axis][i] >= low && Z[axis][i] <= high)
    ).length;
    return {
      garage: this.garage.map(([low, high]) => [low, high] as const),
      total: 3,
      inside,
      outside: 3 - inside,
      invalid: 0,
      outside_each: [1, 1],
      noise: { count: 0, total: 2, value: 0, low: 0, high: 0.6576 },
      signal: null,
      calibration: null,
      undo: this.before.length,
      redo: 0,
      selected: this.selection.length ? { count: 2, inside: 1, outside: 1 } : null
    };
  }
}

export { settle };
