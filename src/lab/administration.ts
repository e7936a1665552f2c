import { PageConfig } from '@jupyterlab/coreutils';

/** What the administrator of the server decided of the panel: `astrodata_lab/app.py` writes it on the page. */
export interface IAdministration {
  /** Of `compute`, `labels`, `models`, `runs` and `templates`, which are the launcher's cards. */
  readonly disabledSections: readonly string[];
  /** Contents-API path of the folder for uploads; empty for the one that the file browser shows. */
  readonly uploadFolder: string;
}

export function administration(): IAdministration {
  const { disabledSections, uploadFolder } = optionOf('astrodataLab') as Partial<IAdministration>;
  return {
    disabledSections: Array.isArray(disabledSections) ? disabledSections : [],
    uploadFolder: typeof uploadFolder === 'string' ? uploadFolder : ''
  };
}

/** An option of the page; nothing is in it where the server's half is missing, or another version's. */
function optionOf(name: string): object {
  try {
    return (JSON.parse(PageConfig.getOption(name)) as object | null) ?? {};
  } catch {
    return {};
  }
}
