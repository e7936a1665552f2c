/**
 * How the server's half is asked, and what its refusals say.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

/** An answer of the server's half that is not what was asked for. */
export class ApiError extends Error {
  constructor(
    /** A code of astrodata_lab/refusals.py; `no-server` or `network` when that half did not speak. */
    readonly code: string,
    message: string
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** Ask one route of the server's half. */
export async function requestAPI<T>(
  endPoint: string,
  init: RequestInit,
  serverSettings: ServerConnection.ISettings,
  trans: TranslationBundle
): Promise<T> {
  const url = URLExt.join(serverSettings.baseUrl, 'astrodata-lab', endPoint);
  let response: Response;
  let text: string;
  try {
    response = await ServerConnection.makeRequest(url, init, serverSettings);
    text = await response.text();
  } catch {
    throw silence(trans);
  }
  const body = parse(text);
  if (!response.ok) {
    throw errorOf(response, body, trans);
  }
  return body as T;
}

/** Ask a route that answers with lines of JSON: how far it is, and at last what was asked for. */
export async function lastLine<T>(
  endPoint: string,
  signal: AbortSignal,
  progress: (share: number) => void,
  serverSettings: ServerConnection.ISettings,
  trans: TranslationBundle
): Promise<T> {
  const url = URLExt.join(serverSettings.baseUrl, 'astrodata-lab', endPoint);
  let last: Record<string, unknown> = { progress: 0 };
  let response: Response;
  const take = (text: string): void => {
    last = (parse(text) as Record<string, unknown> | undefined) ?? last;
    if (typeof last['progress'] === 'number') {
      progress(last['progress']);
    }
  };
  try {
    response = await ServerConnection.makeRequest(url, { method: 'POST', signal }, serverSettings);
    if (response.ok && response.body) {
      await eachLine(response.body, take);
    } else {
      take(await response.text());
    }
  } catch {
    throw silence(trans);
  }
  if (!response.ok || 'error' in last) {
    throw errorOf(response, last, trans);
  }
  if ('progress' in last) {
    throw silence(trans); // cut off before its end
  }
  return last as T;
}

async function eachLine(
  body: ReadableStream<Uint8Array>,
  take: (line: string) => void
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (let more = true; more;) {
    const { done, value } = await reader.read();
    more = !done;
    rest += value ? decoder.decode(value, { stream: true }) : '';
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    lines.filter(Boolean).forEach(take);
  }
}

function silence(trans: TranslationBundle): ApiError {
  const text = trans.__('The Jupyter server did not answer: is it still running?');
  return new ApiError('network', text);
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

function errorOf(response: Response, body: unknown, trans: TranslationBundle): ApiError {
  const error = (body as { error?: { code?: unknown; message?: unknown } } | undefined)?.error;
  if (typeof error?.code === 'string' && typeof error.message === 'string') {
    return new ApiError(error.code, error.message);
  }
  // A 404 in other words than ours: nobody listens at this address.
  const code = response.status === 404 ? 'no-server' : 'network';
  return new ApiError(code, trans.__('The Jupyter server answered %1.', response.status));
}
