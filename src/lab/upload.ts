import { PathExt } from '@jupyterlab/coreutils';
import { Contents, ServerConnection } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

import { IExpectation } from './api';

/** Bytes of one request, as JupyterLab's file browser sends them. */
export const CHUNK_SIZE = 1024 * 1024;

export type ClashAnswer = 'replace' | 'keep-both' | 'cancel';

export interface IUploadOptions {
  readonly contents: Pick<Contents.IManager, 'get' | 'save' | 'rename' | 'delete'>;
  readonly file: File;
  /** Contents-API path of the folder that takes the file. */
  readonly folder: string;
  /** Gives up; what was sent so far is deleted. */
  readonly signal: AbortSignal;
  /** Called with 0 to 1. */
  readonly progress: (fraction: number) => void;
  /** Asked when the folder has something of that name. */
  readonly onClash: (name: string, mayReplace: boolean) => Promise<ClashAnswer>;
}

/** Where a file went, and what was sent. */
export interface IUploaded extends IExpectation {
  readonly path: string;
}

/**
 * Send a file to a folder of the server; null when the person gave up.
 *
 * The bytes go to a file of another name first, so that a dataset is never half of one, and the file
 * that is to be replaced stays whole until all of the new one is there.
 */
export async function upload(options: IUploadOptions): Promise<IUploaded | null> {
  const { contents, file, folder, signal } = options;
  const target = await chooseTarget(options);
  if (target === null || signal.aborted) {
    return null;
  }
  const part = PathExt.join(folder, `${file.name}.${UUID.uuid4().slice(0, 8)}.part`);
  let sent: IExpectation | null;
  try {
    sent = await send(options, part);
  } catch (error) {
    await discard(contents, part);
    throw error;
  }
  if (sent === null) {
    await discard(contents, part);
    return null;
  }
  await putInPlace(contents, part, target);
  return { ...sent, path: target.path };
}

interface ITarget {
  readonly path: string;
  readonly replace: boolean;
}

async function chooseTarget(options: IUploadOptions): Promise<ITarget | null> {
  const { contents, file, folder } = options;
  const path = PathExt.join(folder, file.name);
  const there = await find(contents, path);
  if (there === null) {
    return { path, replace: false };
  }
  switch (await options.onClash(file.name, there.type !== 'directory')) {
    case 'replace':
      return { path, replace: true };
    case 'keep-both':
      return { path: await freePath(contents, folder, file.name), replace: false };
    default:
      return null;
  }
}

async function find(
  contents: IUploadOptions['contents'],
  path: string
): Promise<Contents.IModel | null> {
  try {
    return await contents.get(path, { content: false });
  } catch (error) {
    if (error instanceof ServerConnection.ResponseError && error.response.status === 404) {
      return null;
    }
    throw error;
  }
}

async function freePath(
  contents: IUploadOptions['contents'],
  folder: string,
  name: string
): Promise<string> {
  const [, stem, ending = ''] = /^(.+?)(\.[^.]+(?:\.(?:gz|fz|bz2|xz))?)?$/s.exec(name) ?? [
    '',
    name
  ];
  for (let number = 2; ; number++) {
    const path = PathExt.join(folder, `${stem}-${number}${ending}`);
    if ((await find(contents, path)) === null) {
      return path;
    }
  }
}

/** Send all bytes and give their size and hash; null when the person gave up in between. */
async function send(options: IUploadOptions, path: string): Promise<IExpectation | null> {
  const { contents, file, signal, progress } = options;
  const hash = sha256.create();
  const chunks = Math.max(1, Math.ceil(file.size / CHUNK_SIZE));
  for (let index = 0; index < chunks; index++) {
    if (signal.aborted) {
      return null;
    }
    progress((index * CHUNK_SIZE) / Math.max(1, file.size));
    // Read once: what is hashed is what is sent.
    const blob = file.slice(index * CHUNK_SIZE, (index + 1) * CHUNK_SIZE);
    const bytes = new Uint8Array(await blob.arrayBuffer());
    hash.update(bytes);
    await contents.save(path, {
      type: 'file',
      format: 'base64',
      name: PathExt.basename(path),
      content: toBase64(bytes),
      // Chunks count from 1 and the last is -1; a file of one chunk is saved as a whole.
      ...(chunks > 1 ? { chunk: index === chunks - 1 ? -1 : index + 1 } : {})
    });
  }
  progress(1);
  return signal.aborted ? null : { size: file.size, sha256: bytesToHex(hash.digest()) };
}

function toBase64(bytes: Uint8Array): string {
  // Function arguments go on the stack, which does not take a megabyte of them.
  const step = 0x8000;
  let text = '';
  for (let start = 0; start < bytes.length; start += step) {
    text += String.fromCharCode(...bytes.subarray(start, start + step));
  }
  return btoa(text);
}

async function putInPlace(
  contents: IUploadOptions['contents'],
  part: string,
  target: ITarget
): Promise<void> {
  try {
    if (target.replace) {
      await contents.delete(target.path);
    }
    await contents.rename(part, target.path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason} What was uploaded is kept as ${part}.`);
  }
}

async function discard(contents: IUploadOptions['contents'], part: string): Promise<void> {
  try {
    await contents.delete(part);
  } catch {
    // Nothing was written yet, or the connection is gone: the person sees the first error.
  }
}
