/** The desk of a labeller: joins the event on show, the keys, the trail and what goes to the log. */
import type {
  Done,
  LabelMeta,
  LabelRequests,
  LabelState,
  LabelTraits,
  Next,
  Region
} from '../../core/label';
import { isAbort, type Requester } from '../../core/request';
import { make } from '../common/dom';
import type { Traits } from '../common/traits';
import { Bar } from './bar';
import { Classes } from './classes';
import { Feed } from './feed';
import { Help } from '../common/help';
import { Keymap, type Command, type Meaning } from './keymap';
import { Scribe, type Draft } from './scribe';
import { Side } from './side';
import { Stage } from './stage';
import { Strip } from './strip';
import { Toolbar } from './toolbar';
import { nameOf, Trail } from './trail';

const BEFORE = 4;
const AFTER = 5;
const PREFETCHED = 4;

export interface DeskHooks {
  failed(error: unknown, retry?: () => void): void;
  changed(): void;
}

export class Desk {
  readonly element: HTMLElement;
  readonly #facts: LabelMeta;
  readonly #traits: Traits<LabelTraits>;
  readonly #hooks: DeskHooks;
  readonly #feed: Feed;
  readonly #scribe: Scribe;
  readonly #trail = new Trail();
  readonly #bar = new Bar();
  readonly #help = new Help();
  readonly #classes: Classes;
  readonly #side: Side;
  readonly #stage: Stage;
  readonly #strip: Strip;
  readonly #toolbar: Toolbar;
  readonly #status = make('div', { class: 'astrodata-label-status', role: 'status' });
  #state: LabelState;
  #keymap = new Keymap([]);
  /** Keys that wait for where an undo leads, or for the next event; null when none have to. */
  #held: Exclude<Meaning, null>[] | null = null;
  #wantsNext = false;
  #loading = 0;

  constructor(
    facts: LabelMeta,
    requester: Requester<LabelRequests>,
    traits: Traits<LabelTraits>,
    hooks: DeskHooks,
    signal: AbortSignal
  ) {
    this.#facts = this.#state = facts;
    this.#traits = traits;
    this.#hooks = hooks;
    this.#feed = new Feed(requester, () => traits.get('blind'), signal);
    this.#scribe = new Scribe(requester, {
      held: () => this.#trail.held,
      done: meta => this.#done(meta),
      failed: error => this.#failed(error),
      changed: () => this.#showProgress(),
      say: text => this.#say(text)
    });
    this.#classes = new Classes({
      chosen: name => this.#act({ class: name }),
      change: change => this.#scribe.steps.push('classes', { change })
    });
    this.#side = new Side({
      noted: note => this.#detail({ note }),
      confident: confidence => this.#detail({ confidence }),
      back: () => this.focus()
    });
    this.#stage = new Stage(facts, {
      regionDrawn: region => this.#regionDrawn(region),
      again: () => this.#again()
    });
    this.#strip = new Strip(
      row => this.#feed.thumbnail(row),
      next => {
        this.#trail.to(next);
        this.#show();
      }
    );
    this.#toolbar = new Toolbar(facts.kind, {
      command: command => this.#act({ command }),
      look: look => this.#stage.setLook(look),
      blind: on => {
        this.#traits.write({ blind: on });
        this.#sightChanged();
      },
      advance: on => this.#traits.write({ advance: on })
    });
    this.element = make(
      'div',
      { class: 'astrodata-label-desk' },
      this.#bar.element,
      this.#toolbar.element,
      this.#strip.element,
      make(
        'div',
        { class: 'astrodata-label-middle' },
        make('div', { class: 'astrodata-label-left' }, this.#stage.element, this.#help.element),
        this.#side.element
      ),
      this.#classes.element,
      this.#classes.editor,
      this.#status
    );
    this.element.addEventListener('keydown', event => this.#onKey(event));
    this.element.addEventListener('click', event => this.#afterClick(event));
    this.#followTraits();
  }

  get busy(): boolean {
    return this.#loading > 0 || this.#scribe.steps.pending > 0;
  }

  start(): void {
    this.#takeState(this.#facts);
    if (this.#facts.start) {
      this.#trail.to(this.#facts.start);
    } else {
      this.#trail.next();
    }
    this.#show();
  }

  focus(): void {
    this.#stage.focus();
  }

  redraw(): void {
    this.#stage.redraw();
    this.#showStrip();
  }

  dispose(): void {
    this.#stage.dispose();
  }

  // --- keys ---------------------------------------------------------------------------------------

  #onKey(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (target.matches('input, select, textarea')) {
      if (event.key === 'Escape') {
        this.focus();
      }
      return;
    }
    if (target.matches('button, summary') && [' ', 'Enter'].includes(event.key)) {
      return; // they press the button
    }
    const meaning = this.#keymap.meaning(event);
    if (!meaning) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    // A key that is held down labels one event, not all that follow; only walking repeats.
    const walks = 'command' in meaning && ['next', 'back'].includes(meaning.command);
    if (!event.repeat || walks) {
      this.#act(meaning);
    }
  }

  /** After a click the keys belong to the event again, not to the button that was clicked. */
  #afterClick(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    if (
      event.detail > 0 &&
      !target.closest('input, select, textarea, label, .astrodata-label-editor')
    ) {
      this.focus();
    }
  }

  #act(meaning: Exclude<Meaning, null>): void {
    if (this.#held) {
      this.#held.push(meaning);
    } else if ('class' in meaning) {
      this.#choose(meaning.class);
    } else {
      this.#command(meaning.command);
    }
  }

  #command(command: Command): void {
    switch (command) {
      case 'next':
        return this.#stage.closePolygon() ? undefined : this.#next();
      case 'back':
        return this.#trail.back()
          ? this.#show()
          : this.#say('This is the first event of this view.');
      case 'undo':
      case 'redo':
        return this.#step(command);
      case 'skip':
        return this.#change(command, true);
      case 'note':
        return this.#side.focusNote();
      case 'clear':
      case 'surer':
      case 'lessSure':
        return this.#change(command);
      case 'region':
        return this.#say(this.#stage.toggleMarking());
      case 'shape':
        return this.#say(this.#stage.otherShape());
      case 'help':
        return this.#help.open ? this.#help.close() : this.#help.show(this.#keymap.help);
      case 'escape':
        return this.#escape();
    }
  }

  /** Changes what is said of the event on show. */
  #change(command: 'skip' | 'clear' | 'surer' | 'lessSure', goOn = false): void {
    const now = this.#trail.now;
    if (!now) {
      return;
    }
    if (command === 'skip' || command === 'clear') {
      this.#scribe[command](now);
    } else {
      this.#scribe.surer(now, command === 'surer' ? 1 : -1);
    }
    if (goOn) {
      this.#next();
    } else {
      this.#paint();
    }
  }

  #escape(): void {
    if (this.#help.open) {
      this.#help.close();
    } else {
      this.#stage.escape();
    }
  }

  // --- what goes to the log -----------------------------------------------------------------------

  #choose(name: string): void {
    const now = this.#trail.now;
    const region = this.#stage.draft;
    if (!now) {
      return;
    }
    if (region) {
      this.#stage.clearDraft();
      this.#scribe.region(now, name, region);
      this.#paint();
      return;
    }
    this.#scribe.label(now, name, this.#state.multiple);
    if (!this.#state.multiple && this.#traits.get('advance')) {
      this.#next();
    } else {
      this.#paint();
    }
  }

  #step(what: 'undo' | 'redo'): void {
    this.#held = [];
    this.#scribe.step(
      what,
      next => {
        this.#feed.forget(next.row);
        this.#trail.to(next);
        this.#show();
      },
      worked => {
        if (worked) {
          this.#release();
        } else {
          this.#held = null; // the keys behind it were meant for where it would have led
        }
      }
    );
  }

  #again(): void {
    this.#scribe.again(done => {
      this.#trail.again();
      this.#takeState(done);
      this.#trail.next();
      this.#show();
    });
  }

  #done(meta: Done): void {
    this.#takeState(meta);
    if (this.#wantsNext) {
      this.#goOn();
    }
    this.#paint();
  }

  #failed(error: unknown): void {
    const { steps } = this.#scribe;
    this.#hooks.failed(error, steps.lost ? () => steps.retry() : undefined);
    if (this.#wantsNext) {
      this.#goOn();
    }
    this.#paint();
  }

  #takeState(state: LabelState): void {
    this.#state = state;
    this.#keymap = new Keymap(state.classes);
    this.#trail.offer(state.ahead);
    this.#showProgress();
    this.#lookAhead();
  }

  // --- where one is -------------------------------------------------------------------------------

  #next(): void {
    const { now } = this.#trail;
    if (now) {
      this.#scribe.pass(now);
    }
    this.#goOn();
  }

  /** Goes on, or waits until the kernel has said what comes next. */
  #goOn(): void {
    const went = this.#trail.next();
    this.#wantsNext = !went && this.#scribe.steps.pending > 0;
    if (this.#wantsNext) {
      this.#held ??= [];
      return;
    }
    if (went) {
      this.#show();
    } else {
      this.#showEnd();
    }
    this.#release();
  }

  #release(): void {
    const waiting = this.#held ?? [];
    this.#held = null;
    while (waiting.length && !this.#held) {
      this.#act(waiting.shift()!);
    }
    (this.#held as Exclude<Meaning, null>[] | null)?.push(...waiting);
  }

  #followTraits(): void {
    this.#traits.follow(['row'], () => {
      const row = this.#traits.get('row');
      if (row >= 0 && row !== this.#trail.now?.row) {
        this.#trail.to({ row, id: '', reason: '', turn: 0 });
        this.#show(false);
      }
    });
    this.#traits.follow(['blind'], () => {
      this.#toolbar.setBlind(this.#traits.get('blind'));
      this.#sightChanged();
    });
    this.#traits.follow(['advance'], () => this.#toolbar.setAdvance(this.#traits.get('advance')));
    this.#traits.follow(['height'], () => this.#stage.setHeight(this.#traits.get('height')));
    this.#toolbar.setBlind(this.#traits.get('blind'));
    this.#toolbar.setAdvance(this.#traits.get('advance'));
    this.#stage.setHeight(this.#traits.get('height'));
  }

  /** What may be told of events has changed. */
  #sightChanged(): void {
    this.#feed.clear();
    if (this.#trail.now) {
      this.#show(false);
    }
  }

  // --- what is shown ------------------------------------------------------------------------------

  /** Shows the event where one is. @param tell - Whether Python shall know. */
  #show(tell = true): void {
    const now = this.#trail.now;
    if (!now) {
      this.#showEnd();
      return;
    }
    this.#scribe.begin();
    if (tell) {
      this.#traits.write({ row: now.row });
    }
    const { note, confidence } = this.#scribe.draft(now);
    this.#side.begin(now.id, note, confidence);
    this.#stage.begin();
    void this.#load(now);
    this.#lookAhead();
    this.#paint();
  }

  async #load(now: Next): Promise<void> {
    this.#loading += 1;
    this.#hooks.changed();
    try {
      const event = await this.#feed.event(now);
      if (this.#isNow(now)) {
        this.#scribe.marks.found(now, event.meta);
        this.#stage.show(event);
        this.#side.show(event.meta);
        this.#paint();
      }
    } catch (error) {
      if (!isAbort(error) && this.#isNow(now)) {
        this.#stage.empty(`Event ${now.id} cannot be shown.`);
        this.#hooks.failed(error, () => this.#show());
      }
    } finally {
      this.#loading -= 1;
      this.#hooks.changed();
    }
  }

  #isNow(next: Next): boolean {
    const now = this.#trail.now;
    return !!now && nameOf(now) === nameOf(next);
  }

  #showEnd(): void {
    this.#stage.end(this.#state);
    this.#side.begin('', '', null);
    this.#paint();
  }

  #paint(): void {
    this.#showStrip();
    this.#showMark();
    this.#showProgress();
  }

  #showMark(): void {
    const now = this.#trail.now;
    const { marks } = this.#scribe;
    const mark = now ? marks.of(now) : null;
    const { classes, multiple } = this.#state;
    const pending = !!now && marks.saved(now) === 'pending';
    this.#classes.show(classes, mark?.label ?? [], pending, multiple);
    this.#stage.mark(mark?.regions ?? [], classes);
    if (now) {
      this.#side.mark(this.#scribe.draft(now));
    }
  }

  #showProgress(): void {
    const { pending, lost } = this.#scribe.steps;
    this.#bar.show(this.#state, this.#scribe.pace.perMinute, { pending, lost });
    this.#toolbar.setSteps(this.#state.undo || pending > 0, this.#state.redo);
    this.#hooks.changed();
  }

  #showStrip(): void {
    const now = this.#trail.now;
    const frames = [
      ...this.#trail.before(BEFORE),
      ...(now ? [now] : []),
      ...this.#trail.after(AFTER)
    ];
    this.#strip.show(
      frames.map(next => {
        const { label, skipped } = this.#scribe.marks.of(next);
        return {
          next,
          label,
          skipped,
          color: this.#state.classes.find(({ name }) => name === label[0])?.color ?? null,
          saved: this.#scribe.marks.saved(next),
          now: next === now
        };
      })
    );
  }

  #lookAhead(): void {
    const coming = this.#trail.after(AFTER);
    this.#feed.prefetch(coming.slice(0, PREFETCHED));
    const rows = [...this.#trail.before(BEFORE), ...coming].map(({ row }) => row);
    const now = this.#trail.now;
    this.#feed.thumbnails(now ? [...rows, now.row] : rows).then(
      came => came && this.#showStrip(),
      () => undefined // the view ended
    );
  }

  #regionDrawn(region: Region | null): void {
    if (region) {
      this.#say('Press the key of the class that this region has, or Escape.');
    }
  }

  #detail(said: Partial<Draft>): void {
    if (this.#trail.now) {
      this.#scribe.detail(this.#trail.now, said);
      this.#paint();
    }
  }

  #say(text: string): void {
    if (text) {
      this.#status.textContent = text;
    }
  }
}
