/** Data-quality flags as bars under the time axis: each with its name, each hatched another way. */
import type { Flag } from '../../core/strain';
import { button, make } from '../common/dom';

const FEW = 4;
const HATCHES = 4;

export class Flags {
  readonly element = make('div', {
    class: 'astrodata-strain-flags',
    role: 'group',
    'aria-label': 'Data quality',
    hidden: true
  });
  #flags: readonly Flag[] = [];
  #span: readonly [number, number] = [0, 1];
  #all = false;

  get shown(): readonly Flag[] {
    return this.#all ? this.#flags : this.#flags.slice(0, FEW);
  }

  set(flags: readonly Flag[]): void {
    this.#flags = flags;
    this.element.hidden = !flags.length;
    this.#paint();
  }

  /** Shows another stretch of the record. */
  look(span: readonly [number, number]): void {
    if (span[0] !== this.#span[0] || span[1] !== this.#span[1]) {
      this.#span = span;
      this.#paint();
    }
  }

  #paint(): void {
    const rows = this.shown.map((flag, i) => this.#row(flag, i));
    const more = this.#flags.length - FEW;
    const toggle = button(
      this.#all ? 'Fewer flags' : `${more} more`,
      this.#all ? 'Show fewer flags' : 'Show all flags',
      'Data-quality flags of this record',
      () => {
        this.#all = !this.#all;
        this.#paint();
      }
    );
    this.element.replaceChildren(...rows, ...(more > 0 ? [toggle] : []));
  }

  #row(flag: Flag, i: number): HTMLElement {
    const bars = inside(flag, this.#span).map(([start, stop]) => {
      const text = `${flag.name} holds from ${start.toFixed(2)} to ${stop.toFixed(2)} s`;
      const bar = make('span', {
        class: `astrodata-strain-flag astrodata-strain-hatch${i % HATCHES}`,
        title: text
      });
      const [low, high] = this.#span;
      bar.style.left = `${(100 * (Math.max(low, start) - low)) / (high - low)}%`;
      bar.style.width = `${(100 * (Math.min(high, stop) - Math.max(low, start))) / (high - low)}%`;
      return bar;
    });
    return make(
      'div',
      { class: 'astrodata-strain-flagrow', role: 'img', 'aria-label': told(flag, this.#span) },
      make('span', { class: 'astrodata-strain-flagname', title: flag.name }, flag.name),
      make('span', { class: 'astrodata-strain-track' }, ...bars)
    );
  }
}

function inside({ spans }: Flag, [low, high]: readonly [number, number]) {
  return spans.filter(([start, stop]) => stop > low && start < high);
}

/** Gives in words how much of a stretch a flag holds. */
export function told(flag: Flag, span: readonly [number, number]): string {
  const [low, high] = span;
  const held = inside(flag, span).reduce(
    (sum, [start, stop]) => sum + Math.min(high, stop) - Math.max(low, start),
    0
  );
  const share = Math.round((100 * held) / (high - low));
  return `${flag.name} holds ${share === 100 && held < high - low - 1e-6 ? 99 : share} % of the time shown`;
}
