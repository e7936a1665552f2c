/** The regions of a view: what there is, what is selected, and what was before. */
import type { Shape } from '../../../core/regions';
import { moved } from '../../../core/shapes';

/** Steps that can be taken back. */
const REMEMBERED = 200;

interface Moment {
  readonly shapes: readonly Shape[];
  readonly selected: readonly number[];
}

const NOTHING: Moment = { shapes: [], selected: [] };

export class Store {
  readonly #kept: (moment: Moment) => void;
  #now: Moment = NOTHING;
  /** While a hand is at work: what it shows, which is no step yet. */
  #held: Moment | null = null;
  #before: Moment[] = [];
  #after: Moment[] = [];

  /** @param kept - A step is done, taken back, or another selection made. */
  constructor(kept: (moment: Moment) => void) {
    this.#kept = kept;
  }

  get shapes(): readonly Shape[] {
    return (this.#held ?? this.#now).shapes;
  }

  get selected(): readonly number[] {
    return (this.#held ?? this.#now).selected;
  }

  get chosen(): Shape[] {
    return this.selected.map(number => this.shapes[number]);
  }

  get undoable(): boolean {
    return this.#before.length > 0;
  }

  get redoable(): boolean {
    return this.#after.length > 0;
  }

  /** Python, or another view, says what there is. */
  read(shapes: readonly Shape[], selected: readonly number[]): void {
    this.#held = null;
    if (JSON.stringify(shapes) !== JSON.stringify(this.#now.shapes)) {
      this.#push();
    }
    this.#now = { shapes, selected: selected.filter(number => number < shapes.length) };
  }

  /** Selects, with all of their groups. */
  select(numbers: Iterable<number>): void {
    const selected = this.#withGroups(numbers);
    if (JSON.stringify(selected) !== JSON.stringify(this.#now.selected)) {
      this.#now = { shapes: this.#now.shapes, selected };
      this.#kept(this.#now);
    }
  }

  /** Shows shapes as a hand has them now. */
  hold(shapes: readonly Shape[], selected = this.selected): void {
    this.#held = { shapes, selected };
  }

  /** Lets go: as a step, or as it was before. */
  release(kept: boolean): void {
    const held = this.#held;
    this.#held = null;
    if (held && kept) {
      this.step(held.shapes, held.selected);
    }
  }

  /** Does something that can be taken back. */
  step(shapes: readonly Shape[], selected: readonly number[] = this.#now.selected): void {
    this.#push();
    this.#now = { shapes, selected: selected.filter(number => number < shapes.length) };
    this.#kept(this.#now);
  }

  undo(): void {
    this.#go(this.#before, this.#after);
  }

  redo(): void {
    this.#go(this.#after, this.#before);
  }

  /** Adds shapes and selects them. */
  add(shapes: readonly Shape[]): void {
    const first = this.#now.shapes.length;
    this.step(
      [...this.#now.shapes, ...shapes],
      shapes.map((_, i) => first + i)
    );
  }

  /** Changes the selected ones. */
  change(change: (shape: Shape) => Shape): void {
    const selected = new Set(this.#now.selected);
    if (selected.size) {
      this.step(this.#now.shapes.map((shape, i) => (selected.has(i) ? change(shape) : shape)));
    }
  }

  remove(): void {
    const selected = new Set(this.#now.selected);
    if (selected.size) {
      this.step(
        this.#now.shapes.filter((_, i) => !selected.has(i)),
        []
      );
    }
  }

  /** Adds copies of shapes beside them. @param groups - Names for the groups of the copies. */
  duplicate(shapes: readonly Shape[], dx: number, dy: number): void {
    if (shapes.length) {
      const groups = new Map<string, string>();
      this.add(
        shapes.map(shape => {
          const copy = moved(shape, dx, dy);
          if (!shape.group) {
            return copy;
          }
          if (!groups.has(shape.group)) {
            groups.set(shape.group, this.#freeGroup([...groups.values()]));
          }
          return { ...copy, group: groups.get(shape.group) };
        })
      );
    }
  }

  group(): void {
    const group = this.#freeGroup([]);
    this.change(shape => ({ ...shape, group }));
  }

  ungroup(): void {
    this.change(({ group: _group, ...shape }) => shape as Shape);
  }

  #freeGroup(taken: readonly string[]): string {
    const known = new Set([...taken, ...this.#now.shapes.map(shape => shape.group)]);
    let number = 1;
    while (known.has(`group ${number}`)) {
      number++;
    }
    return `group ${number}`;
  }

  #withGroups(numbers: Iterable<number>): number[] {
    const { shapes } = this.#now;
    const wanted = [...new Set(numbers)].filter(number => number < shapes.length);
    const groups = new Set(wanted.map(number => shapes[number].group).filter(Boolean));
    const more = shapes.flatMap((shape, i) => (shape.group && groups.has(shape.group) ? [i] : []));
    return [...new Set([...wanted, ...more])];
  }

  #push(): void {
    this.#before = [...this.#before, this.#now].slice(-REMEMBERED);
    this.#after = [];
  }

  #go(from: Moment[], to: Moment[]): void {
    const moment = from.pop();
    if (moment) {
      to.push(this.#now);
      this.#now = moment;
      this.#kept(moment);
    }
  }
}
