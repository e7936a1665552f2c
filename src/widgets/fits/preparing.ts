/** Tells below the picture how far its overviews are, and has them shown when they are made. */
import type { PreparingMeta, PreparingRequests } from '../../core/preparing';
import type { DescribeMeta, Where } from '../../core/protocol';
import type { Requester } from '../../core/request';
import { button } from '../common/dom';
import { Questions, WorkLine } from '../common/work';
import type { Part, PartContext } from './part';

/** Milliseconds between two questions after what is under way. */
const PAUSE = 400;

export class Preparing implements Part {
  readonly panel: HTMLElement;
  readonly #context: PartContext;
  readonly #cancel: HTMLButtonElement;
  readonly #prepare: HTMLButtonElement;
  readonly #line: WorkLine;
  readonly #questions: Questions<PreparingMeta>;
  #requester: Requester<PreparingRequests> | null = null;
  #where: Where | null = null;
  /** Whether what is painted may be replaced by something sharper. */
  #rough = false;

  constructor(context: PartContext) {
    this.#context = context;
    this.#cancel = button('Cancel', 'Cancel the overviews', 'Keep what is shown now', () =>
      this.#ask('cancel')
    );
    this.#prepare = button('Prepare', 'Prepare overviews', 'Read all pixels and average them', () =>
      this.#ask('prepare')
    );
    this.#line = new WorkLine('Overviews prepared', this.#cancel, this.#prepare);
    this.panel = this.#line.element;
    this.#questions = new Questions({
      came: meta => this.#show(meta),
      failed: error => context.fail(error, () => this.#ask())
    });
    context.signal.addEventListener('abort', () => this.dispose());
  }

  connect(requester: Requester): void {
    this.#requester = requester;
    this.#ask();
  }

  setImage(_facts: DescribeMeta | null, where: Where | null): void {
    if (where?.hdu !== this.#where?.hdu || where?.plane !== this.#where?.plane) {
      this.#rough = false;
    }
    this.#where = where;
    this.panel.hidden = true;
    this.#ask();
  }

  dispose(): void {
    this.#questions.end();
  }

  #ask(wish?: 'prepare' | 'cancel'): void {
    this.dispose();
    const [requester, where] = [this.#requester, this.#where];
    if (!requester || !where || this.#context.signal.aborted) {
      return;
    }
    const msg = { hdu: where.hdu, plane: where.plane, ...(wish ? { wish } : {}) };
    this.#questions.ask(signal => requester.request('preparing', msg, signal));
  }

  #show(meta: PreparingMeta): void {
    const { state, done } = meta;
    const going = state === 'waiting' || state === 'running';
    this.panel.hidden = state === 'whole' || state === 'done';
    this.#line.show(going ? done : null, said(meta));
    this.#cancel.hidden = !going;
    this.#prepare.hidden = going;
    this.#prepare.textContent = state === 'failed' ? 'Try again' : 'Prepare';
    if (going) {
      this.#rough = true;
      this.#questions.later(PAUSE, () => this.#ask());
    } else if (state === 'done' && this.#rough) {
      this.#rough = false;
      this.#context.sharpen();
    }
  }
}

function said({ state, done, said: why, bytes, rows }: PreparingMeta): string {
  const now = rows ? `One row of ${rows} is shown` : 'One pixel of each block is shown';
  switch (state) {
    case 'waiting':
      return `${now}. The mean of all pixels waits for its turn.`;
    case 'running':
      return `${now}. Preparing the mean of all pixels: ${Math.floor(100 * done)} %`;
    case 'failed':
      return `${now}. ${why}`;
    default:
      return rows
        ? `${now}, because the file lies elsewhere. The mean of all pixels takes ${sized(bytes)}.`
        : `${now}, not the mean of all pixels.`;
  }
}

function sized(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
