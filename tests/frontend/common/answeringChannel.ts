import type { CancelFrame, RequestFrame } from '../../../src/core/protocol';
import { FakeChannel } from '../core/fakeChannel';

export type Answer =
  { meta: object; buffers?: DataView[] } | { error: { code: string; message: string } };

/**
 * A data channel with a kernel behind it, which answers at once unless it is held.
 *
 * `Msg` is what the answers read of a message.
 */
export abstract class AnsweringChannel<Msg> extends FakeChannel {
  abstract answers: Record<string, (msg: Msg) => Answer>;
  /** Whether answers wait for `release`: all of them, or those of some kinds. */
  held: boolean | readonly string[] = false;
  #waiting: RequestFrame[] = [];

  override send(frame: RequestFrame | CancelFrame): void {
    super.send(frame);
    if (frame.kind !== 'cancel') {
      this.#waiting.push(frame as RequestFrame);
    }
    queueMicrotask(() => this.#answer(({ kind }) => !this.#holds(kind)));
  }

  /** Answers all that waits and was not taken back. */
  release(): void {
    this.#answer(() => true);
  }

  /** What was asked of one kind. */
  msgs(kind: string): Record<string, unknown>[] {
    return this.sent.flatMap(frame =>
      frame.kind === kind && 'msg' in frame ? [frame.msg as Record<string, unknown>] : []
    );
  }

  #holds(kind: string): boolean {
    return typeof this.held === 'boolean' ? this.held : this.held.includes(kind);
  }

  #answer(wanted: (frame: RequestFrame) => boolean): void {
    const cancelled = new Set(this.cancelled);
    const due = this.#waiting.filter(wanted);
    this.#waiting = this.#waiting.filter(frame => !due.includes(frame));
    for (const { id, kind, msg } of due.filter(frame => !cancelled.has(frame.id))) {
      const answer = this.answers[kind](msg as Msg);
      if ('error' in answer) {
        this.receive({ id, ok: false, error: answer.error });
      } else {
        this.answer(id, answer.meta, answer.buffers ?? []);
      }
    }
  }
}
