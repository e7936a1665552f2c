import type { LabelMeta, LabelState, LabelTraits, Mark, Next } from '../../../src/core/label';
import { AnsweringChannel, type Answer } from '../common/answeringChannel';
import { settle } from '../core/fakeChannel';

export const HOSTILE = '<img src=x onerror=alert(1)>';

export function traits(values: Partial<LabelTraits> = {}): LabelTraits {
  return {
    channel: 'anywidget:channel',
    row: -1,
    blind: false,
    advance: true,
    height: 360,
    ...values
  };
}

type Msg = Record<string, unknown>;
type Said = Pick<Mark, 'label' | 'note' | 'confidence' | 'skipped'>;

const BLANK: Said = { label: [], note: '', confidence: null, skipped: false };

/** A data channel with a kernel behind it that keeps a log, and answers at once unless it is held. */
export class FakeKernel extends AnsweringChannel<Msg> {
  kind: LabelMeta['kind'] = 'waveforms';
  multiple = false;
  count = 30;
  classes = [
    { name: 'glitch', color: '#d62728', hotkey: '1', parent: null },
    { name: HOSTILE, color: '#1f77b4', hotkey: '2', parent: null }
  ];
  /** What was written, in order. */
  readonly log: { row: number; what: string; label: readonly string[] }[] = [];
  readonly said = new Map<number, Said>();
  readonly regions = new Map<number, object[]>();
  readonly passed = new Set<number>();
  readonly done = new Map<string, object>();
  /** Repetitions that come first. */
  repeats: Next[] = [];
  full = false;
  readonly undone: { row: number; before: Said }[] = [];
  #history: { row: number; before: Said }[] = [];
  #afresh = false;

  answers: Record<string, (msg: Msg) => Answer> = {
    hello: () => ({ meta: { protocol: 1, version: '0.1.0' } }),
    describe: () => ({
      meta: {
        kind: this.kind,
        events: this.count,
        annotator: 'ann',
        folder: 'session',
        sample_period: null,
        start: null,
        warnings: [],
        ...this.state([])
      }
    }),
    event: ({ row }) => this.#event(row as number),
    thumbnails: ({ rows, width, height }) => {
      const [n, w, h] = [(rows as number[]).length, width as number, height as number];
      return {
        meta: { shape: [n, h, w], dtype: 'u1', rows, width, height },
        buffers: [new DataView(new ArrayBuffer(n * h * w))]
      };
    },
    put: msg => this.#once(msg, () => this.#put(msg)),
    skip: msg => this.#once(msg, () => this.#say(msg, 'skip', { ...BLANK, skipped: true })),
    pass: msg =>
      this.#once(msg, () => {
        this.passed.add(msg.row as number);
        return msg.row as number;
      }),
    undo: msg =>
      this.#once(msg, () => {
        const last = this.#history.pop();
        if (last) {
          this.undone.push(last);
          this.log.push({ row: last.row, what: 'undo', label: [] });
          this.said.set(last.row, last.before);
        }
        return last?.row ?? null;
      }),
    redo: msg => this.#once(msg, () => null),
    again: msg =>
      this.#once(msg, () => {
        this.#afresh = true;
        this.passed.clear();
        for (const [row, said] of this.said) {
          this.said.set(row, { ...said, skipped: false });
        }
        return null;
      }),
    classes: msg =>
      this.#once(msg, () => {
        const change = msg.change as { what: string; name: string; to?: string; color?: string };
        if (change.what === 'add') {
          this.classes.push({ name: change.name, color: '#2ca02c', hotkey: '3', parent: null });
        } else if (change.what === 'rename') {
          this.classes = this.classes.map(one =>
            one.name === change.name ? { ...one, name: change.to! } : one
          );
        }
        return null;
      })
  };

  state(without: readonly number[]): LabelState {
    const open = Array.from({ length: this.count }, (_, row) => row).filter(
      row => !this.said.get(row)?.label.length && !this.said.get(row)?.skipped
    );
    const all = [...this.said.values()];
    return {
      total: this.count,
      labelled: all.filter(({ label }) => label.length).length,
      skipped: all.filter(({ skipped }) => skipped).length,
      passed: this.passed.size,
      remaining: open.length,
      multiple: this.multiple,
      classes: this.classes.map(one => ({
        ...one,
        count: all.filter(({ label }) => label.includes(one.name)).length
      })),
      ahead: [
        ...this.repeats,
        ...open
          .filter(row => !this.passed.has(row) && !without.includes(row))
          .slice(0, 6)
          .map(row => ({ row, turn: 0, id: `e${row}`, reason: '' }))
      ],
      undo: this.#history.length > 0,
      redo: this.undone.length > 0,
      consistency: null,
      order: 0,
      learning: ''
    };
  }

  mark(row: number): Mark {
    return {
      row,
      ...(this.said.get(row) ?? BLANK),
      regions: (this.regions.get(row) ?? []) as Mark['regions']
    };
  }

  /** The labels that were written, as `row label`. */
  get written(): string[] {
    return this.log.map(
      ({ row, what, label }) => `${row} ${what === 'put' ? label.join('+') : what}`
    );
  }

  #once(msg: Msg, step: () => number | null): Answer {
    const key = msg.key as string;
    if (!this.done.has(key)) {
      if (this.full) {
        return { error: { code: 'unreadable', message: 'no space left in session' } };
      }
      const row = step();
      this.done.set(key, {
        mark: row === null ? null : this.mark(row),
        id: row === null ? '' : `e${row}`
      });
    }
    const without = this.#afresh ? [] : (msg.without as number[]);
    this.#afresh = false;
    return { meta: { ...this.state(without), ...this.done.get(key) } };
  }

  #put(msg: Msg): number {
    const row = msg.row as number;
    const label = msg.label as string[];
    if (msg.region) {
      this.regions.set(row, [...(this.regions.get(row) ?? []), { region: msg.region, label }]);
      return row;
    }
    this.repeats = this.repeats.filter(next => next.row !== row || next.turn !== msg.turn);
    return this.#say(msg, 'put', {
      label,
      note: (msg.note as string | null) ?? '',
      confidence: msg.confidence as number | null,
      skipped: false
    });
  }

  #say(msg: Msg, what: string, said: Said): number {
    const row = msg.row as number;
    this.#history.push({ row, before: this.said.get(row) ?? BLANK });
    this.said.set(row, said);
    this.log.push({ row, what, label: said.label });
    return row;
  }

  #event(row: number): Answer {
    const facts: [string, string][] = [
      ['id', `e${row}`],
      ['station', HOSTILE]
    ];
    const common = {
      ...this.mark(row),
      id: `e${row}`,
      facts,
      score: 1.5,
      reason: '',
      others: [{ annotator: 'bob', label: ['glitch'] }],
      invalid: 0
    };
    const floats = (...values: number[]) =>
      new DataView(Float32Array.from(values).buffer as ArrayBuffer);
    if (this.kind === 'rows') {
      return { meta: { ...common, facts } };
    }
    if (this.kind === 'images') {
      return {
        meta: {
          ...common,
          shape: [1, 2, 2],
          dtype: 'f4',
          width: 2,
          height: 2,
          step: 1,
          limits: [[0, 1]]
        },
        buffers: [floats(0, 1, NaN, 0.5)]
      };
    }
    return {
      meta: { ...common, shape: [1, 1, 4], dtype: 'f4', samples: 4, low: 0, high: 3 },
      buffers: [floats(0, 1, NaN, 3)]
    };
  }
}

export { settle };
