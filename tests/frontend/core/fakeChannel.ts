import type { CancelFrame, RequestFrame } from '../../../src/core/protocol';

type Listener = (content: unknown, buffers: DataView[]) => void;

/** A data channel that keeps what is sent and answers when the test says so. */
export class FakeChannel {
  readonly sent: (RequestFrame | CancelFrame)[] = [];
  readonly listeners = new Set<Listener>();

  on(_event: 'msg:custom', listener: Listener): void {
    this.listeners.add(listener);
  }

  off(_event: 'msg:custom', listener: Listener): void {
    this.listeners.delete(listener);
  }

  send(content: RequestFrame | CancelFrame): void {
    this.sent.push(content);
  }

  receive(content: unknown, buffers: DataView[] = []): void {
    for (const listener of [...this.listeners]) {
      listener(content, buffers);
    }
  }

  answer(id: string, meta: object = {}, buffers: DataView[] = []): void {
    this.receive({ id, ok: true, meta }, buffers);
  }

  /** Ids of the requests, in the order in which they were sent. */
  get asked(): string[] {
    return this.sent.filter(frame => frame.kind !== 'cancel').map(frame => frame.id);
  }

  get cancelled(): string[] {
    return this.sent.filter(frame => frame.kind === 'cancel').map(frame => frame.id);
  }
}

/** Ids a, b, c... */
export function letters(): () => string {
  let next = 0;
  return () => String.fromCharCode(97 + next++);
}

/** Lets promises and microtasks run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await Promise.resolve();
  }
}
