import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isAbort, Requester, RequestError, type RequesterOptions } from '../../../src/core/request';
import { FakeChannel, letters, settle } from './fakeChannel';

type Kinds = { tile: { msg: { n?: number }; meta: { n?: number } } };

function start(options: RequesterOptions = {}) {
  const channel = new FakeChannel();
  const requester = new Requester<Kinds>(channel, { makeId: letters(), ...options });
  return { channel, requester };
}

/** Keeps how a promise ended, and how often. */
function watch(promise: Promise<unknown>) {
  const end: { value?: unknown; error?: unknown; times: number } = { times: 0 };
  promise.then(
    value => Object.assign(end, { value, times: end.times + 1 }),
    error => Object.assign(end, { error, times: end.times + 1 })
  );
  return end;
}

describe('Requester', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('gives the meta and the buffers of the answer', async () => {
    const { channel, requester } = start();
    const reply = requester.request('tile', { n: 1 });
    await settle();
    expect(channel.sent).toEqual([{ id: 'a', kind: 'tile', msg: { n: 1 } }]);
    const bytes = new DataView(new ArrayBuffer(2));
    channel.answer('a', { n: 7 }, [bytes]);
    expect(await reply).toEqual({ meta: { n: 7 }, buffers: [bytes] });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects with the code and the sentence of the kernel', async () => {
    const { channel, requester } = start();
    const end = watch(requester.request('tile', {}));
    await settle();
    channel.receive({ id: 'a', ok: false, error: { code: 'damaged', message: 'HDU 1 is cut' } });
    await settle();
    expect(end.error).toBeInstanceOf(RequestError);
    expect(end.error).toMatchObject({ code: 'damaged', message: 'HDU 1 is cut' });
    expect(isAbort(end.error)).toBe(false);
  });

  it('takes a request back on both sides when its signal aborts', async () => {
    const { channel, requester } = start();
    const controller = new AbortController();
    const end = watch(requester.request('tile', {}, controller.signal));
    await settle();
    controller.abort();
    await settle();
    expect(channel.sent[1]).toEqual({ id: 'a', kind: 'cancel' });
    expect(isAbort(end.error)).toBe(true);
    channel.answer('a');
    await settle();
    expect(end.times).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sends nothing at all for a request that is taken back before its turn', async () => {
    const { channel, requester } = start({ inFlight: 1 });
    const controller = new AbortController();
    const waiting = watch(requester.request('tile', {}, controller.signal));
    requester.request('tile', {}).catch(() => undefined);
    await settle();
    controller.abort();
    await settle();
    expect(channel.sent.map(frame => frame.id)).toEqual(['b']);
    expect(isAbort(waiting.error)).toBe(true);
    expect(isAbort(await requester.request('tile', {}, controller.signal).catch(e => e))).toBe(
      true
    );
  });

  it('asks again with the same id, three times in all, then says that the kernel is silent', async () => {
    const { channel, requester } = start();
    const end = watch(requester.request('tile', {}));
    await settle();
    await vi.advanceTimersByTimeAsync(9_999);
    expect(channel.asked).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(10_001);
    expect(channel.asked).toEqual(['a', 'a', 'a']);
    expect(end.times).toBe(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(channel.asked).toHaveLength(3);
    expect(end.error).toMatchObject({ code: 'timeout' });
    expect((end.error as Error).message).toMatch(/30 s/);
  });

  it('takes the answer to any of the tries, and only the first one', async () => {
    const { channel, requester } = start();
    const end = watch(requester.request('tile', {}));
    await settle();
    await vi.advanceTimersByTimeAsync(10_000);
    channel.answer('a', { n: 1 });
    channel.answer('a', { n: 2 });
    channel.receive({ id: 'a', ok: false, error: { code: 'late', message: '' } });
    await settle();
    expect(end).toMatchObject({ times: 1, value: { meta: { n: 1 } } });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps six requests in flight and starts the newest waiting one first', async () => {
    const { channel, requester } = start();
    for (let i = 0; i < 9; i++) {
      requester.request('tile', { n: i }).catch(() => undefined);
    }
    await settle();
    expect(channel.asked).toEqual(['i', 'h', 'g', 'f', 'e', 'd']);
    requester.request('tile', {}).catch(() => undefined);
    await settle();
    expect(channel.asked).toHaveLength(6);
    channel.answer('g');
    channel.answer('e');
    await settle();
    expect(channel.asked.slice(6)).toEqual(['j', 'c']);
  });

  it('makes room when a request is taken back', async () => {
    const { channel, requester } = start({ inFlight: 1 });
    const controller = new AbortController();
    requester.request('tile', {}).catch(() => undefined);
    requester.request('tile', {}, controller.signal).catch(() => undefined);
    await settle();
    expect(channel.asked).toEqual(['b']);
    controller.abort();
    await settle();
    expect(channel.asked).toEqual(['b', 'a']);
  });

  it.each([
    null,
    'text',
    7,
    {},
    { id: 'a' },
    { id: 'a', ok: 'yes' },
    { id: 'z', ok: true, meta: {} }
  ])('overlooks a message that answers nothing: %j', async content => {
    const { channel, requester } = start();
    const end = watch(requester.request('tile', {}));
    await settle();
    channel.receive(content);
    channel.receive({ id: 'a', ok: false, error: null });
    await settle();
    expect(end.times).toBe(0);
    requester.dispose();
  });

  it('leaves no listener on the channel nor on the signal', async () => {
    const { channel, requester } = start();
    const controller = new AbortController();
    const added = vi.spyOn(controller.signal, 'addEventListener');
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    requester.request('tile', {}, controller.signal).catch(() => undefined);
    await settle();
    expect(channel.listeners.size).toBe(1);
    channel.answer('a');
    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
    expect(removed.mock.calls[0][1]).toBe(added.mock.calls[0][1]);
    requester.dispose();
    expect(channel.listeners.size).toBe(0);
  });

  it('fails what is open when it is disposed of, and everything after', async () => {
    const { channel, requester } = start({ inFlight: 1 });
    const ends = [watch(requester.request('tile', {})), watch(requester.request('tile', {}))];
    await settle();
    requester.dispose();
    requester.dispose();
    ends.push(watch(requester.request('tile', {})));
    await settle();
    expect(ends.map(end => (end.error as RequestError).code)).toEqual([
      'closed',
      'closed',
      'closed'
    ]);
    expect(channel.asked).toEqual(['b']);
    expect(channel.cancelled).toEqual(['b']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects a request that the channel does not take', async () => {
    const { channel, requester } = start();
    channel.send = () => {
      throw new Error('comm closed');
    };
    const end = watch(requester.request('tile', {}));
    await settle();
    expect(end.error).toMatchObject({ code: 'channel' });
    expect((end.error as Error).message).toMatch(/comm closed/);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives each request an id of its own', async () => {
    const channel = new FakeChannel();
    const views = [new Requester<Kinds>(channel), new Requester<Kinds>(channel)];
    for (const view of views) {
      for (let i = 0; i < 3; i++) {
        view.request('tile', {}).catch(() => undefined);
      }
    }
    await settle();
    expect(new Set(channel.asked).size).toBe(6);
    views.forEach(view => view.dispose());
  });
});
