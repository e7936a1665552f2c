/** The event drawn large, and the regions that are marked on it. */
import type { ClassFacts, LabelMeta, LabelState, Mark, Region } from '../../core/label';
import { button, make } from '../common/dom';
import { Canvas, type Marked } from './drawing';
import type { LabelEvent } from './feed';
import { Hands, within, type Tool } from './hands';
import { ImagePicture, type Look } from './image';
import { Trace } from './trace';

export interface StageHooks {
  /** A region waits for its class, or was given up. */
  regionDrawn(region: Region | null): void;
  /** Another pass through what was skipped. */
  again(): void;
}

const OPEN_COLOR = '#ff9800';

export class Stage {
  readonly element: HTMLElement;
  readonly #facts: LabelMeta;
  readonly #hooks: StageHooks;
  readonly #canvas = new Canvas();
  readonly #hands: Hands;
  readonly #table = make('table', { class: 'astrodata-label-table', hidden: true });
  readonly #over = make('div', { class: 'astrodata-label-over', hidden: true });
  readonly #readout = make('div', { class: 'astrodata-label-readout', 'aria-hidden': 'true' });
  readonly #mode = make('div', { class: 'astrodata-label-mode', hidden: true });
  #look: Look = { stretch: 'linear', colormap: 'grey' };
  #size = { width: 0, height: 0 };
  #saved: readonly Marked[] = [];
  #draft: Region | null = null;
  #finished = false;

  constructor(facts: LabelMeta, hooks: StageHooks) {
    this.#facts = facts;
    this.#hooks = hooks;
    this.#hands = new Hands(this.#canvas, {
      drawn: (region, finished) => this.#drawn(region, finished),
      pointed: text => (this.#readout.textContent = text)
    });
    this.#canvas.element.hidden = facts.kind === 'rows';
    this.element = make(
      'div',
      {
        class: `astrodata-label-stage astrodata-label-${facts.kind}`,
        tabindex: 0,
        role: 'group',
        'aria-label': 'Event on show: keys label it, ? lists them'
      },
      this.#canvas.element,
      this.#table,
      this.#over,
      this.#mode,
      this.#readout,
      make('div', { class: 'astrodata-label-focus' }, 'Click here to label by keyboard')
    );
  }

  /** The region that waits for its class. */
  get draft(): Region | null {
    return this.#finished ? this.#draft : null;
  }

  focus(): void {
    this.element.focus({ preventScroll: true });
  }

  setHeight(pixels: number): void {
    this.element.style.setProperty('--astrodata-label-height', `${pixels}px`);
  }

  setLook(look: Look): void {
    this.#look = look;
    const { picture } = this.#canvas;
    if (picture instanceof ImagePicture) {
      picture.look(look);
      this.#canvas.redraw();
    }
  }

  /** Another event is on its way. */
  begin(): void {
    this.#over.hidden = true;
    this.#hands.cancel();
    this.clearDraft();
    this.#readout.textContent = '';
  }

  show({ meta, array }: LabelEvent): void {
    this.#over.hidden = true;
    if (this.#facts.kind === 'rows' || !array) {
      this.#showRow(meta.facts);
      return;
    }
    const label = `Event ${meta.id}`;
    if (this.#facts.kind === 'images') {
      this.#size = { width: meta.width!, height: meta.height! };
      this.#canvas.show(new ImagePicture(meta, array, this.#look), `Image of ${label}`);
    } else {
      this.#size = { width: meta.samples!, height: 0 };
      const { sample_period: period } = this.#facts;
      this.#canvas.show(new Trace(meta, array, period), `Waveform of ${label}`);
    }
  }

  /** Says why there is nothing to see. */
  empty(text: string): void {
    this.#canvas.show(null, text);
    this.#table.hidden = true;
    this.#over.replaceChildren(make('p', {}, text));
    this.#over.hidden = false;
  }

  /** Nothing comes next. */
  end({ total, labelled, skipped, passed }: LabelState): void {
    const left = skipped + passed;
    this.empty(
      left
        ? `Nothing is left in this pass: ${labelled} of ${total} are labelled, ${skipped} were skipped, ` +
            `${passed} passed over.`
        : `All ${total} events of the queue are labelled.`
    );
    if (left) {
      this.#over.append(
        button('Go through them again', 'Go through them again', 'Begin another pass', () =>
          this.#hooks.again()
        )
      );
    }
  }

  mark(regions: Mark['regions'], classes: readonly ClassFacts[]): void {
    this.#saved = regions.map(({ region, label }) => ({
      region,
      text: label.join(', '),
      color: classes.find(({ name }) => name === label[0])?.color ?? '#808080'
    }));
    this.#showRegions();
  }

  /** Begins or ends region mode; gives what to tell. */
  toggleMarking(): string {
    const tools: Record<LabelMeta['kind'], Tool> = {
      waveforms: 'interval',
      images: 'box',
      rows: 'look'
    };
    const tool = this.#hands.tool === 'look' ? tools[this.#facts.kind] : 'look';
    if (this.#facts.kind === 'rows') {
      return 'Rows of a table have no regions.';
    }
    return this.#use(tool);
  }

  /** Changes between box and polygon. */
  otherShape(): string {
    return this.#facts.kind === 'images'
      ? this.#use(this.#hands.tool === 'polygon' ? 'box' : 'polygon')
      : '';
  }

  /** Ends a polygon; gives whether there was one. */
  closePolygon(): boolean {
    const drawing = !!this.#draft && !this.#finished;
    this.#hands.close();
    return drawing;
  }

  /** Leaves what is open: the region first, then region mode. */
  escape(): void {
    if (this.#draft) {
      this.#hands.cancel();
      this.clearDraft();
    } else {
      this.#use('look');
    }
  }

  clearDraft(): void {
    this.#draft = null;
    this.#finished = false;
    this.#showRegions();
  }

  redraw(): void {
    this.#canvas.redraw();
  }

  dispose(): void {
    this.#canvas.dispose();
  }

  #use(tool: Tool): string {
    this.#hands.use(tool);
    this.clearDraft();
    const words: Record<Tool, string> = {
      look: '',
      interval: 'Marking: drag along the trace',
      box: 'Marking: drag a box',
      polygon: 'Marking: click the corners, Enter closes'
    };
    this.#mode.textContent = words[tool];
    this.#mode.hidden = tool === 'look';
    return tool === 'look' ? 'Regions are no longer marked.' : `${words[tool]}, then a class key.`;
  }

  #drawn(region: Region | null, finished: boolean): void {
    this.#draft = region && finished ? within(region, this.#size) : region;
    this.#finished = finished && !!this.#draft;
    this.#showRegions();
    if (finished) {
      this.#hooks.regionDrawn(this.#draft);
    }
  }

  #showRegions(): void {
    const draft: Marked[] = this.#draft
      ? [
          {
            region: this.#draft,
            color: OPEN_COLOR,
            text: this.#finished ? 'class?' : '',
            open: true
          }
        ]
      : [];
    this.#canvas.mark([...this.#saved, ...draft]);
  }

  #showRow(facts: readonly (readonly [string, string])[]): void {
    this.#table.hidden = false;
    this.#table.replaceChildren(
      make(
        'tbody',
        {},
        ...facts.map(([name, text]) =>
          make('tr', {}, make('th', { scope: 'row' }, name), make('td', {}, text))
        )
      )
    );
  }
}
