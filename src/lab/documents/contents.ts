/** What JupyterLab may learn of a document's file: facts, never its bytes. */
import { Contents, IContentProvider } from '@jupyterlab/services';

export const PROVIDER = 'astrodata-lab:facts';

export class FactsOnly implements IContentProvider {
  /**
   * @param refusal - What is said to who wants to save.
   */
  constructor(
    private readonly _drive: Pick<Contents.IDrive, 'get'>,
    private readonly _refusal: string
  ) {}

  /** Gives name, size and time of a file or a folder. */
  async get(path: string): Promise<Contents.IModel> {
    // No hash either: the server would read the whole file for it. No type: folders are documents too.
    const model = await this._drive.get(path, { content: false, hash: false });
    // Without this JupyterLab makes a copy of the file, as a checkpoint, when it is opened.
    return { ...model, writable: false };
  }

  async save(): Promise<Contents.IModel> {
    throw new Error(this._refusal);
  }
}
