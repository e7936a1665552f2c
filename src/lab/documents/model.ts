/** The model of a document of which the browser has no content: the kernel reads the file. */
import { DocumentModel, DocumentRegistry } from '@jupyterlab/docregistry';
import { Contents } from '@jupyterlab/services';

export const MODEL = 'astrodata-lab:document';

/** What a document needs from outside. */
export interface IModelNeeds {
  /** Name of the kernel that is started for it. */
  readonly kernelName: () => string | undefined;
  /** What is said to who wants to save. */
  readonly refusal: string;
}

class DataModel extends DocumentModel {
  constructor(
    options: DocumentRegistry.IModelOptions | undefined,
    private readonly _needs: IModelNeeds
  ) {
    super(options as ConstructorParameters<typeof DocumentModel>[0]);
    this.readOnly = true;
  }

  override get defaultKernelName(): string {
    return this._needs.kernelName() ?? '';
  }

  override get defaultKernelLanguage(): string {
    return 'python';
  }

  /** Refuses: what JupyterLab saves is this text, and the file would be gone. */
  override toString(): string {
    throw new Error(this._needs.refusal);
  }
}

export class DataModelFactory implements DocumentRegistry.ModelFactory {
  readonly name = MODEL;
  readonly contentType: Contents.ContentType = 'file';
  /** That of nothing: with it JupyterLab does not ask for the content. */
  readonly fileFormat: Contents.FileFormat = null;
  readonly collaborative = false;

  constructor(private readonly _needs: IModelNeeds) {}

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
  }

  createNew(options?: DocumentRegistry.IModelOptions): DocumentRegistry.IModel {
    return new DataModel(options, this._needs);
  }

  preferredLanguage(): string {
    return 'python';
  }

  private _isDisposed = false;
}
