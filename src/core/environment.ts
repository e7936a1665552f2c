/**
 * The environment of another half, and the command that installs this package there. Mirror of
 * `kernel/astrodata_kernel/environment.py`; `tests/contract/golden/commands.json` holds both to the same commands.
 */
import type { HelloMeta } from './protocol';
import { VERSION } from './version';

export interface Environment {
  /** Whole path of the interpreter. */
  readonly python: string;
  /** Folder of the environment. */
  readonly prefix: string;
  readonly pip: boolean;
  /** uv made it, which leaves pip out. */
  readonly uv: boolean;
  readonly conda: boolean;
}

/** The extra that makes an environment one for kernels. */
export const KERNEL = 'kernel';

/** Gives the line of a shell that installs this version in an environment. */
export function installCommand(
  { python, prefix, pip, uv, conda }: Environment,
  extras: readonly string[] = [],
  version = VERSION
): string {
  const wanted = extras.length > 0 ? `[${extras.join(',')}]` : '';
  const what = version
    ? `"astrodata-lab${wanted}==${version}"`
    : `--upgrade "astrodata-lab${wanted}"`;
  const byPip = `${shellWord(python)} -m pip install ${what}`;
  if (pip) {
    return byPip;
  }
  if (uv) {
    return `uv pip install --python ${shellWord(python)} ${what}`;
  }
  if (conda) {
    return `conda install --yes --prefix ${shellWord(prefix)} pip && ${byPip}`;
  }
  return `${shellWord(python)} -m ensurepip && ${byPip}`;
}

/** Gives an environment of which a path is all that is known. */
export function environmentOf(python: string): Environment {
  return { python, prefix: '', pip: true, uv: false, conda: false };
}

/** Gives what a greeting says of an environment, or one that goes by `python` alone. */
export function environmentIn({ environment }: HelloMeta): Environment {
  return environment ?? environmentOf('python');
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
