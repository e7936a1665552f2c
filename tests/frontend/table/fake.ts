import type { ColumnFacts, TableMeta, TableTraits } from '../../../src/core/table';
import { AnsweringChannel, type Answer } from '../common/answeringChannel';
import { settle } from '../core/fakeChannel';

export function traits(values: Partial<TableTraits> = {}): TableTraits {
  return {
    channel: 'anywidget:channel',
    hdu: 1,
    columns: [],
    filter: '',
    sort: [],
    row: -1,
    x: '',
    y: '',
    x_log: false,
    y_log: false,
    x_flip: false,
    y_flip: false,
    marks: 'points',
    errors: false,
    good_only: true,
    period: null,
    epoch: 0,
    height: 320,
    selection: { count: 0, version: 0 },
    ...values
  };
}

export function column(name: string, values: Partial<ColumnFacts> = {}): ColumnFacts {
  return {
    name,
    kind: 'number',
    dtype: 'float64',
    unit: '',
    description: '',
    error: '',
    ...values
  };
}

export function table(values: Partial<TableMeta> = {}): TableMeta {
  return {
    name: 'stars.fits',
    hdu: 1,
    rows: 1000,
    chunk: 1000,
    many: false,
    columns: [
      column('ra', { unit: 'deg', description: 'Right ascension' }),
      column('mag', { unit: 'mag' }),
      column('name', { kind: 'text', dtype: 'text, 5' })
    ],
    parts: [{ index: 1, name: 'STARS', rows: 1000 }],
    curve: null,
    warnings: [],
    ...values
  };
}

interface Msg {
  start: number;
  count: number;
  where: string;
  columns: readonly string[];
  row: number | null;
}

/** A data channel with a kernel behind it, which answers at once unless it is held. */
export class FakeKernel extends AnsweringChannel<Msg> {
  answers: Record<string, (msg: Msg) => Answer> = {
    hello: () => ({ meta: { protocol: 1, version: '0.1.0' } }),
    describe: () => ({ meta: table() }),
    page: ({ start, count, row }) => {
      const rows = Array.from({ length: Math.min(count, 1000 - start) }, (_, i) => start + i);
      return {
        meta: {
          ready: true,
          total: 1000,
          start,
          rows,
          cells: [
            rows.map(i => String(i / 2)),
            rows.map(i => (i % 3 ? String(i) : i % 2 ? null : 'NaN')),
            rows.map(i => `s${i}`)
          ],
          selected: rows.map(() => false),
          place: row
        }
      };
    },
    select: () => ({ meta: { count: 1, version: 1 } }),
    find: () => ({ meta: { ready: true, place: 7, row: 7 } }),
    statistics: () => ({
      meta: {
        ready: true,
        statistics: {
          column: 'name',
          unit: '',
          rows: 3,
          valid: 3,
          missing: 0,
          different: 2,
          frequent: [['a', 2]]
        }
      }
    }),
    copy: () => ({ meta: { text: 'ra\n1\n', rows: 1, of: 1 } }),
    save: () => ({
      meta: { name: 'stars.py', bytes: 0 },
      buffers: [new DataView(new ArrayBuffer(0))]
    })
  };
}

export { settle };
