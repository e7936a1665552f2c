import { Contents } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

/** What the panel asks of the Contents API. */
export class FakeContents {
  readonly fileChanged = new Signal<this, Contents.IChangedArgs>(this);

  localPath(path: string): string {
    return path.replace(/^\w+:/, '');
  }

  driveName(path: string): string {
    return /^(\w+):/.exec(path)?.[1] ?? '';
  }
}
