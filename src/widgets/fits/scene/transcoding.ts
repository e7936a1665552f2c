/**
 * Tells below the picture how far the JPEG 2000 bands on show are written anew, and stops it.
 *
 * Tiles of whole pixels stay: they only come faster. Lower resolutions of JPEG 2000 are not the means that the
 * new files have, so those are fetched anew once the files are there.
 */
import type { DescribeMeta, Where } from '../../../core/protocol';
import { button } from '../../common/dom';
import { Questions, WorkLine } from '../../common/work';
import type { Part } from '../part';
import type { SceneContext, SceneRequester } from './traits';

/** Mirror of `widgets/scene_transcoding.py`. */
export interface TranscodingMeta {
  readonly state: 'none' | 'running' | 'done' | 'cancelled' | 'failed';
  /** Share that is written, 0 to 1. */
  readonly done: number;
  readonly bands: number;
  /** How often bands were written since the viewer began: what was reduced before is of another kind. */
  readonly rewritten: number;
  /** Why it failed. */
  readonly said: string;
}

export interface TranscodingRequests {
  transcoding: { msg: { wish?: 'cancel' | 'again' }; meta: TranscodingMeta };
}

/** Milliseconds between two questions after what is under way. */
const PAUSE = 500;

export class TranscodingPart implements Part {
  readonly panel: HTMLElement;
  readonly #context: SceneContext;
  readonly #cancel: HTMLButtonElement;
  readonly #again: HTMLButtonElement;
  readonly #dismiss: HTMLButtonElement;
  readonly #line: WorkLine;
  readonly #questions: Questions<TranscodingMeta>;
  readonly #sharpen: () => void;
  #requester: SceneRequester | null = null;
  #rewritten: number | null = null;
  /** What went wrong and was told: the next bands mostly fail for the same reason. */
  readonly #told = new Set<string>();

  /** @param sharpen - Has all that is not of whole pixels fetched anew. */
  constructor(context: SceneContext, sharpen: () => void) {
    this.#context = context;
    this.#sharpen = sharpen;
    this.#cancel = button(
      'Cancel',
      'Cancel writing the bands anew',
      'Read the files as they are; this is slower',
      () => this.#ask('cancel')
    );
    this.#again = button('Try again', 'Write the bands anew', 'Begin once more', () => {
      this.#told.clear();
      this.#ask('again');
    });
    this.#dismiss = button(
      '×',
      'Dismiss',
      'Dismiss this message',
      () => (this.panel.hidden = true)
    );
    this.#line = new WorkLine('Bands written anew', this.#cancel, this.#again, this.#dismiss);
    this.panel = this.#line.element;
    this.#questions = new Questions({
      came: meta => this.#show(meta),
      failed: error => context.fail(error, () => this.#ask())
    });
  }

  connect(requester: SceneRequester): void {
    this.#requester = requester;
    this.#ask();
  }

  setImage(facts: DescribeMeta | null, _where: Where | null): void {
    if (facts) {
      this.#ask(); // other bands are others to write
    }
  }

  dispose(): void {
    this.#questions.end();
  }

  #ask(wish?: 'cancel' | 'again'): void {
    this.dispose();
    const requester = this.#requester;
    if (requester && !this.#context.signal.aborted) {
      this.#questions.ask(signal => requester.request('transcoding', wish ? { wish } : {}, signal));
    }
  }

  #show({ state, done, bands, said, rewritten }: TranscodingMeta): void {
    if (this.#rewritten !== null && rewritten !== this.#rewritten) {
      this.#sharpen();
    }
    this.#rewritten = rewritten;
    const running = state === 'running';
    const failed = state === 'failed';
    if (failed && this.#told.has(said)) {
      return; // it stands there, or was dismissed
    }
    this.panel.hidden = !running && !failed;
    this.#cancel.hidden = !running;
    this.#again.hidden = this.#dismiss.hidden = !failed;
    const what = bands === 1 ? '1 band' : `${bands} bands`;
    const text = failed
      ? `${said}. The picture is read from the files as they are, which is slower.`
      : `Writing ${what} of JPEG 2000 anew, for tiles to come faster: ${Math.floor(100 * done)} %`;
    this.#line.show(running ? done : null, text);
    if (failed) {
      this.#told.add(said);
    }
    if (running) {
      this.#questions.later(PAUSE, () => this.#ask());
    }
  }
}
