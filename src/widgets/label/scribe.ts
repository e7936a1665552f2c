/** What goes to the log: labels, regions, notes, skips, and the steps back. */
import type { Done, LabelRequests, Mark, Next, Region } from '../../core/label';
import type { Requester } from '../../core/request';
import { Marks } from './marks';
import { Pace } from './pace';
import { CONFIDENCES } from './side';
import { Steps } from './steps';
import { nameOf } from './trail';

export interface ScribeHooks {
  /** Rows that are on show here already. */
  held(): readonly number[];
  /** The kernel has answered a step. */
  done(meta: Done): void;
  failed(error: unknown): void;
  changed(): void;
  say(text: string): void;
}

/** A note and a confidence that have no label yet to go with. */
export interface Draft {
  readonly note: string;
  readonly confidence: number | null;
}

const NO_DRAFT: Draft = { note: '', confidence: null };

export class Scribe {
  readonly steps: Steps;
  readonly marks = new Marks();
  readonly pace = new Pace();
  readonly #hooks: ScribeHooks;
  readonly #drafts = new Map<string, Draft>();
  readonly #passed = new Set<string>();
  #shownAt = 0;

  constructor(requester: Requester<LabelRequests>, hooks: ScribeHooks) {
    this.#hooks = hooks;
    this.steps = new Steps(requester, hooks);
  }

  /** The time that is spent on an event begins. */
  begin(): void {
    this.#shownAt = performance.now();
  }

  /** What is said of an event, or waits to be said with its label. */
  draft(now: Next): Draft {
    const { label, note, confidence } = this.marks.of(now);
    return label.length ? { note, confidence } : (this.#drafts.get(nameOf(now)) ?? NO_DRAFT);
  }

  /** Gives an event a class; where several are allowed, gives or takes one. */
  label(now: Next, name: string, several: boolean): void {
    const { label } = this.marks.of(now);
    const others = label.filter(other => other !== name);
    this.put(now, {
      label: !several ? [name] : others.length < label.length ? others : [...label, name]
    });
  }

  put(now: Next, said: Partial<Pick<Mark, 'label' | 'note' | 'confidence'>>): void {
    const before = this.marks.of(now);
    const mark: Mark = { ...before, ...this.draft(now), ...said, skipped: false };
    this.#drafts.delete(nameOf(now));
    if (mark.label.length && !before.label.length) {
      this.pace.note(performance.now());
    }
    this.marks.wish(now, mark);
    const { label, note, confidence } = mark;
    this.#send(now, { label, note: note || null, confidence, region: null }, label.join(', '));
  }

  region(now: Next, name: string, region: Region): void {
    const mark = this.marks.of(now);
    this.marks.wish(now, { ...mark, regions: [...mark.regions, { region, label: [name] }] });
    const said = { label: [name], note: null, confidence: null, region };
    this.#send(now, said, `a region as ${name}`);
  }

  skip(now: Next): void {
    this.marks.wish(now, { ...this.marks.of(now), skipped: true });
    this.steps.push('skip', { row: now.row, turn: now.turn }, ...this.#ends(now, 'skipped'));
  }

  clear(now: Next): void {
    if (this.marks.of(now).label.length) {
      this.put(now, { label: [], note: '', confidence: null });
    }
  }

  /** Says that an event was left as it was, once. */
  pass(now: Next): void {
    const { label, skipped, regions } = this.marks.of(now);
    if (label.length || skipped || regions.length || this.marks.saved(now)) {
      return;
    }
    if (!this.#passed.has(nameOf(now))) {
      this.#passed.add(nameOf(now));
      this.steps.push('pass', { row: now.row, turn: now.turn });
    }
  }

  /** A note or a confidence: goes with the label there is, or waits for one. */
  detail(now: Next, said: Partial<Draft>): void {
    if (this.marks.of(now).label.length) {
      this.put(now, said);
      return;
    }
    this.#drafts.set(nameOf(now), { ...this.draft(now), ...said });
    if (said.note) {
      this.#hooks.say('The note is saved with the label.');
    }
  }

  /** Raises or lowers the confidence; the first press begins at the upper end. */
  surer(now: Next, by: 1 | -1): void {
    const { confidence } = this.draft(now);
    const all: readonly number[] = CONFIDENCES;
    const last = all.length - 1;
    const place = confidence === null ? last - (by > 0 ? 1 : 0) : all.indexOf(confidence);
    this.detail(now, { confidence: all[Math.min(last, Math.max(0, place + by))] });
  }

  /** Undoes or redoes; `led` gets the event that it was about, `ended` is told in any case. */
  step(what: 'undo' | 'redo', led: (next: Next) => void, ended: (worked: boolean) => void): void {
    this.steps.push(
      what,
      { of: this.steps.unanswered },
      ({ mark, id }) => {
        if (mark) {
          this.marks.changed(mark);
          const label = mark.label.join(', ') || (mark.skipped ? 'skipped' : 'no label');
          this.#hooks.say(`${what === 'undo' ? 'undone' : 'done again'}: event ${id}: ${label}`);
          led({ row: mark.row, id, reason: '', turn: 0 });
        } else {
          this.#hooks.say(`There is nothing to ${what}.`);
        }
        ended(true);
      },
      () => ended(false)
    );
  }

  /** Begins another pass. */
  again(begun: (done: Done) => void): void {
    this.steps.push('again', {}, done => {
      this.#passed.clear();
      begun(done);
    });
  }

  #send(
    { row, turn, ...now }: Next,
    said: Omit<LabelRequests['put']['msg'], 'key' | 'without' | 'row' | 'turn' | 'seconds'>,
    what: string
  ): void {
    const seconds = Math.round(performance.now() - this.#shownAt) / 1000;
    this.steps.push(
      'put',
      { row, turn, seconds, ...said },
      ...this.#ends({ row, turn, ...now }, what || 'no label')
    );
  }

  #ends(now: Next, what: string): [(done: Done) => void, () => void] {
    return [
      done => {
        this.marks.done(now, done.mark);
        this.#hooks.say(`saved event ${now.id}: ${what}`);
      },
      () => this.marks.failed(now)
    ];
  }
}
