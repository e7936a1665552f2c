import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ISignal, Signal } from '@lumino/signaling';

/** The panel's settings: the mirror of schema/panel.json. */
export class Settings {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Folder that takes uploaded files; empty for that of the file browser. */
  get uploadDirectory(): string {
    return this._read('uploadDirectory', '').replace(/^\/+|\/+$/g, '');
  }

  /** CSS pixels on each side of a picture. */
  get thumbnailSize(): number {
    return this._read('thumbnailSize', 48);
  }

  get runInsertedCell(): boolean {
    return this._read('runInsertedCell', true);
  }

  follow(settings: ISettingRegistry.ISettings): void {
    this._settings = settings;
    settings.changed.connect(() => this._changed.emit());
    this._changed.emit();
  }

  private _read<T>(key: string, fallback: T): T {
    return (this._settings?.get(key).composite as T | undefined) ?? fallback;
  }

  private readonly _changed = new Signal<this, void>(this);
  private _settings: ISettingRegistry.ISettings | null = null;
}
