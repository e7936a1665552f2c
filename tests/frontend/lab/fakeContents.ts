import { Contents, ServerConnection } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

/** Files in memory behind the Contents API, chunks appended as the Jupyter server does. */
export class FakeContents {
  readonly fileChanged = new Signal<this, Contents.IChangedArgs>(this);
  readonly files = new Map<string, Uint8Array>();
  readonly chunks: (number | undefined)[] = [];
  /** Called before a chunk is stored. */
  beforeSave: (path: string) => void | Promise<void> = () => undefined;

  async get(path: string): Promise<Contents.IModel> {
    if (!this.files.has(path)) {
      throw await ServerConnection.ResponseError.create(new Response('{}', { status: 404 }));
    }
    return { path, type: 'file' } as Contents.IModel;
  }

  async save(path: string, options: Partial<Contents.IModel> = {}): Promise<Contents.IModel> {
    await this.beforeSave(path);
    const bytes = Buffer.from(options.content as string, 'base64');
    const first = options.chunk === undefined || options.chunk === 1;
    const there = first ? new Uint8Array() : this.files.get(path)!;
    this.files.set(path, new Uint8Array(Buffer.concat([there, bytes])));
    this.chunks.push(options.chunk);
    return { path } as Contents.IModel;
  }

  async rename(path: string, newPath: string): Promise<Contents.IModel> {
    if (this.files.has(newPath)) {
      throw new Error(`File already exists: ${newPath}`);
    }
    this.files.set(newPath, this.files.get(path)!);
    this.files.delete(path);
    return { path: newPath } as Contents.IModel;
  }

  async delete(path: string): Promise<void> {
    if (!this.files.delete(path)) {
      throw new Error(`No such file: ${path}`);
    }
  }

  localPath(path: string): string {
    return path.replace(/^\w+:/, '');
  }

  driveName(path: string): string {
    return /^(\w+):/.exec(path)?.[1] ?? '';
  }
}
