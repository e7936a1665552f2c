// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import { Questions, WorkLine } from '../../../src/widgets/common/work';

/** A question that is answered when one says so. */
function question() {
  let signal: AbortSignal | null = null;
  let answer!: (found: { meta: string }) => void;
  let fail!: (error: unknown) => void;
  const promise = new Promise<{ meta: string }>((resolve, reject) => {
    [answer, fail] = [resolve, reject];
  });
  return {
    ask: (given: AbortSignal) => {
      signal = given;
      return promise;
    },
    answer: (meta: string) => answer({ meta }),
    fail,
    ended: () => signal?.aborted
  };
}

const settled = () => new Promise(resolve => queueMicrotask(() => resolve(null)));

describe('questions after work', () => {
  it('hears the last one only', async () => {
    const hooks = { came: vi.fn(), failed: vi.fn() };
    const questions = new Questions<string>(hooks);
    const [first, second] = [question(), question()];
    questions.ask(first.ask);
    questions.ask(second.ask);
    expect(first.ended()).toBe(true);
    first.fail(new Error('too late'));
    second.answer('half');
    await settled();
    await settled();
    expect(hooks.came.mock.calls).toEqual([['half']]);
    expect(hooks.failed).not.toHaveBeenCalled();
  });

  it('forgets what it would have asked later when it ends', () => {
    vi.useFakeTimers();
    const questions = new Questions<string>({ came: vi.fn(), failed: vi.fn() });
    const again = vi.fn();
    questions.later(400, again);
    questions.end();
    vi.advanceTimersByTime(1000);
    expect(again).not.toHaveBeenCalled();
    vi.useRealTimers();
  });
});

it('shows a bar while something is under way, and words always', () => {
  const line = new WorkLine('Bands written');
  const bar = line.element.querySelector('progress')!;
  line.show(0.5, 'half of it');
  expect([bar.hidden, bar.value]).toEqual([false, 0.5]);
  line.show(null, 'it failed');
  expect(bar.hidden).toBe(true);
  expect(line.element.querySelector('[role="status"]')!.textContent).toBe('it failed');
});
