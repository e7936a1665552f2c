import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';

/** Whose settings they are. */
const PANEL = 'astrodata-lab:panel';

/** The registries that have our transform: each takes one, and whoever comes first brings it. */
const transformed = new WeakSet<ISettingRegistry>();

/** Give the panel's settings, with their names and descriptions in the language of the page. */
export function loadSettings(
  registry: ISettingRegistry,
  trans: TranslationBundle
): Promise<ISettingRegistry.ISettings> {
  if (!transformed.has(registry)) {
    transformed.add(registry);
    registry.transform(PANEL, {
      fetch: plugin => ({ ...plugin, schema: translated(plugin.schema, trans) })
    });
  }
  return registry.load(PANEL);
}

/**
 * Give a schema with texts in the language of the page.
 *
 * JupyterLab's server would do it, in these contexts, for what a language pack brings and for nothing else.
 */
function translated(
  schema: ISettingRegistry.ISchema,
  trans: TranslationBundle
): ISettingRegistry.ISchema {
  const said = <T extends { title?: string; description?: string }>(
    part: T,
    context: string
  ): T => ({
    ...part,
    ...(part.title && { title: trans._p(context, part.title) }),
    ...(part.description && { description: trans._p(context, part.description) })
  });
  const properties = Object.entries(schema.properties ?? {}).map(
    ([name, property]) => [name, said(property, 'settings')] as const
  );
  return { ...said(schema, 'schema'), properties: Object.fromEntries(properties) };
}

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
