import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COLORMAPS, table } from '../../src/core/colormap';
import { FORMULAS, stretched } from '../../src/core/stretch';
import { Requester, RequestError } from '../../src/core/request';
import { decode } from '../../src/core/wire';
import { FakeChannel, settle } from '../frontend/core/fakeChannel';

const FOLDER = join(__dirname, 'golden');

interface Golden {
  content: { id: string; ok: boolean; meta?: object; error?: { code: string; message: string } };
  buffers: string[];
  expect: { shape: number[]; values: (number | string | null)[] } | null;
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as T;
}

const replies = readdirSync(FOLDER).filter(name => name.startsWith('reply_'));

type Any = Record<string, { msg: object; meta: object }>;

function start() {
  const channel = new FakeChannel();
  return { channel, requester: new Requester<Any>(channel, { makeId: () => 'ID' }) };
}

/** Gives the bytes as a message brings them: somewhere within a larger buffer. */
function views(buffers: string[]): DataView<ArrayBuffer>[] {
  return buffers.map(text => {
    const bytes = Buffer.from(text, 'base64');
    const message = new Uint8Array(bytes.length + 8);
    message.set(bytes, 3);
    return new DataView(message.buffer, 3, bytes.length);
  });
}

function number(value: number | string | null): number {
  return value === null ? NaN : value === '+inf' ? Infinity : value === '-inf' ? -Infinity : +value;
}

describe('what Python sends', () => {
  it('is there to be read', () => expect(replies.length).toBeGreaterThan(5));

  it.each(replies)('%s is understood', async name => {
    const golden = read<Golden>(name);
    const { channel, requester } = start();
    const promise = requester.request('array', {}).catch((error: unknown) => error);
    await settle();
    channel.receive(golden.content, views(golden.buffers));
    const reply = await promise;
    if (!golden.expect) {
      expect(reply).toBeInstanceOf(RequestError);
      expect(reply).toMatchObject(golden.content.error!);
      return;
    }
    const { meta, buffers } = reply as { meta: object; buffers: DataView<ArrayBuffer>[] };
    const { shape, data } = decode(meta, buffers[0]);
    expect(shape).toEqual(golden.expect.shape);
    expect([...data]).toEqual(golden.expect.values.map(number));
  });
});

describe('what the browser sends', () => {
  it('is what Python expects, frame by frame', async () => {
    const requests = read<{ kind: string; msg: object; frame: object }[]>('requests.json');
    for (const { kind, msg, frame } of requests) {
      const { channel, requester } = start();
      const promise = requester.request(kind, msg).catch(() => undefined);
      await settle();
      expect(channel.sent).toEqual([frame]);
      requester.dispose();
      await promise;
    }
  });
});

describe('the stretches', () => {
  it('are those of astropy', () => {
    const golden = read<Record<string, number[]>>('stretches.json');
    for (const stretch of FORMULAS) {
      golden.at.forEach((t, i) => expect(stretched(stretch, t)).toBeCloseTo(golden[stretch][i], 9));
    }
  });
});

describe('the colour maps', () => {
  it('are those of the figures that the kernel draws', () => {
    const golden = read<Record<string, number[][]>>('colours.json');
    for (const name of COLORMAPS) {
      golden[name].forEach((rgb, i) => {
        rgb.forEach((channel, c) =>
          expect(Math.abs(table(name)[45 * i + c] - channel)).toBeLessThanOrEqual(2)
        );
      });
    }
  });
});
