// @vitest-environment jsdom
import './browser';

import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { beforeEach, describe, expect, test } from 'vitest';

import { Api } from '../../../src/lab/api';
import { ApiError, requestAPI } from '../../../src/lab/requests';

const trans = nullTranslator.load('astrodata_lab');
let requests: Request[];
let answer: () => Response | Promise<Response>;
let api: Api;

beforeEach(() => {
  requests = [];
  api = new Api(
    ServerConnection.makeSettings({
      baseUrl: 'http://hub.example/user/me/',
      token: 'secret',
      fetch: async (input: RequestInfo | URL) => {
        requests.push(input as Request);
        return answer();
      }
    }),
    trans
  );
});

const json = (value: unknown, status = 200): Response =>
  new Response(JSON.stringify(value), { status });

async function failure(): Promise<ApiError> {
  return (await api.datasets().catch((error: unknown) => error)) as ApiError;
}

describe('a request', () => {
  test('goes under the base URL of the server, with its token', async () => {
    answer = () => json({ version: '1.2.3' });
    // A server's half from before there was a protocol.
    expect(await api.hello()).toEqual({ protocol: 0, version: '1.2.3' });
    const url = new URL(requests[0].url);
    expect(url.origin + url.pathname).toBe('http://hub.example/user/me/astrodata-lab/version');
    expect(requests[0].headers.get('Authorization')).toBe('token secret');
  });

  test('names a dataset in the address as it is', async () => {
    answer = () => new Response(null, { status: 204 });
    await api.remove('a&b=c <b>%41"');
    expect(requests[0].method).toBe('DELETE');
    expect(new URL(requests[0].url).searchParams.get('name')).toBe('a&b=c <b>%41"');
  });

  test('carries the size and hash that are expected', async () => {
    answer = () => json({ name: 'm13' }, 201);
    const expectation = { size: 7, sha256: 'ab' };
    await api.add('data/m13.fits', expectation);
    expect(await requests[0].json()).toEqual({ path: 'data/m13.fits', expect: expectation });
  });

  test('for a picture changes with the file', () => {
    const url = new URL(api.thumbnailUrl('a b&c.fits', 96, '7-1.5'));
    expect(url.pathname).toBe('/user/me/astrodata-lab/thumbnail');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      path: 'a b&c.fits',
      size: '96',
      v: '7-1.5'
    });
  });
});

describe('an error', () => {
  test('has the code and the sentence of the server', async () => {
    answer = () => json({ error: { code: 'damaged', message: 'HDU 1 is cut short.' } }, 422);
    const error = await failure();
    expect(error).toBeInstanceOf(ApiError);
    expect([error.code, error.message]).toEqual(['damaged', 'HDU 1 is cut short.']);
  });

  test('is another one when nobody listens at the address', async () => {
    answer = () => new Response('<html>404</html>', { status: 404 });
    expect((await failure()).code).toBe('no-server');
    answer = () => json({ message: 'Not found' }, 404);
    expect((await failure()).code).toBe('no-server');
  });

  test('that is a 404 of ours does not mean that nobody listens', async () => {
    answer = () => json({ error: { code: 'unreadable', message: 'There is no file.' } }, 404);
    expect((await failure()).code).toBe('unreadable');
  });

  test('of a proxy is told by its status', async () => {
    answer = () => new Response('<html>Bad gateway</html>', { status: 502 });
    const error = await failure();
    expect([error.code, error.message]).toEqual(['network', 'The Jupyter server answered 502.']);
  });

  test('without an answer asks whether the server runs', async () => {
    answer = () => Promise.reject(new TypeError('Failed to fetch'));
    const error = await failure();
    expect(error.code).toBe('network');
    expect(error.message).toContain('is it still running?');
  });

  test('comes from requestAPI for any route', async () => {
    answer = () => json({ error: { code: 'time-out', message: 'Too long.' } }, 504);
    await expect(requestAPI('sniff', {}, api.serverSettings, trans)).rejects.toMatchObject({
      code: 'time-out'
    });
  });
});

describe('verifying', () => {
  const lines = (...pieces: string[]): Response =>
    new Response(
      new ReadableStream({
        start(controller) {
          pieces.forEach(piece => controller.enqueue(new TextEncoder().encode(piece)));
          controller.close();
        }
      })
    );
  const seen: number[] = [];
  const verify = (): Promise<unknown> =>
    api
      .verify('m13', share => seen.push(share), new AbortController().signal)
      .catch(error => error);

  beforeEach(() => void seen.splice(0));

  test('tells how far it is, wherever the network cuts the lines', async () => {
    answer = () =>
      lines('{"progress": 0.', '25}\n{"progress": 1}\n{"state": "ok",', ' "message": "fine"}\n');
    expect(await verify()).toEqual({ state: 'ok', message: 'fine' });
    expect(seen).toEqual([0.25, 1]);
    expect(new URL(requests[0].url).searchParams.get('name')).toBe('m13');
  });

  test('that ends in an error or in the middle fails', async () => {
    answer = () =>
      lines('{"progress": 0.5}\n{"error": {"code": "time-out", "message": "Long."}}\n');
    expect(await verify()).toMatchObject({ code: 'time-out', message: 'Long.' });
    answer = () => lines('{"progress": 0.5}\n');
    expect(await verify()).toMatchObject({ code: 'network' });
    answer = () => json({ error: { code: 'unknown-name', message: 'No such name.' } }, 404);
    expect(await verify()).toMatchObject({ code: 'unknown-name' });
  });
});
