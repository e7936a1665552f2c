/** The line under the pictures: what lies under the pointer, in exact values of the kernel. */
import { isAbort, type Requester } from '../../core/request';
import type { TracesMeta, WaveformRequests } from '../../core/waveforms';
import { Later, make } from '../common/dom';
import { count, secondsText } from './ranges';

const PAUSE = 30;
const MOST = 6;

export class Readout {
  readonly element = make('div', {
    class: 'astrodata-waveforms-readout',
    role: 'status',
    title: 'Samples and traces are counted from 0'
  });
  readonly #failed: (error: unknown) => void;
  readonly #pause = new Later(PAUSE);
  #turn = new AbortController();
  #facts: TracesMeta | null = null;
  #rest = '';
  #pointed = false;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  set facts(facts: TracesMeta) {
    this.#facts = facts;
  }

  /** Says something while nothing is pointed at. */
  rest(text: string): void {
    this.#rest = text;
    if (!this.#pointed) {
      this.element.textContent = text;
    }
  }

  /** Tells a sample, its time, and something about it. */
  point(sample: number, text: string): void {
    this.#stop();
    this.#pointed = true;
    this.element.textContent = `${this.#where(sample)}  |  ${text}`;
  }

  /** Reads the values of traces at samples of their own; what is pointed at is the first one's. */
  read(
    requester: Requester<WaveformRequests>,
    traces: readonly number[],
    samples: readonly number[]
  ): void {
    this.#stop();
    if (!this.#pointed) {
      this.#pointed = true;
      this.element.textContent = `${this.#where(samples[0])}  |  …`;
    }
    const turn = (this.#turn = new AbortController());
    this.#pause.run(() => {
      const msg = { traces: traces.slice(0, MOST), samples: samples.slice(0, MOST) };
      requester.request('probe', msg, turn.signal).then(
        ({ meta }) => {
          const values = meta.values.map(({ trace, text }) => `#${trace}: ${text}`);
          const more = traces.length > MOST ? [`and ${traces.length - MOST} more`] : [];
          this.element.textContent = [this.#where(samples[0]), ...values, ...more].join('  |  ');
        },
        error => {
          if (!isAbort(error)) {
            this.#failed(error);
          }
        }
      );
    });
  }

  /** Nothing is pointed at. */
  leave(): void {
    this.#stop();
    this.#pointed = false;
    this.element.textContent = this.#rest;
  }

  dispose(): void {
    this.#stop();
  }

  #stop(): void {
    this.#pause.cancel();
    this.#turn.abort();
  }

  #where(sample: number): string {
    const period = this.#facts?.sample_period;
    const time = period ? ` (${secondsText(sample * period)})` : '';
    return `sample ${count(sample)}${time}`;
  }
}
