/** What to tell a person where a half of AstroData Lab is missing or does not fit, and what mends it. */
import { PageConfig } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';

import {
  Environment,
  environmentIn,
  environmentOf,
  installCommand,
  KERNEL
} from '../../core/environment';
import { HelloMeta, PROTOCOL } from '../../core/protocol';
import { VERSION } from '../../core/version';

export interface IAdvice {
  readonly text: string;
  /** For a shell, in the environment that it names. */
  readonly command: string;
  /** What to do after it. */
  readonly then: string;
}

/** Gives what to do about a server's half, or null for one that fits: only the protocol must be the same. */
export function adviceOnServer(hello: HelloMeta, trans: TranslationBundle): IAdvice | null {
  if (hello.protocol === PROTOCOL) {
    return null;
  }
  return {
    text: trans.__(
      'This page has AstroData Lab %1 (protocol %2), the Jupyter server %3 (protocol %4). Reload the page; if that ' +
        'does not help, run this in a terminal:',
      VERSION,
      PROTOCOL,
      hello.version,
      hello.protocol
    ),
    command: installCommand(environmentIn(hello)),
    then: restartServer(trans)
  };
}

/** Gives what to do where the front end is there and nobody answers for the server's half. */
export function adviceOnNoServer(trans: TranslationBundle): IAdvice {
  return {
    text: trans.__(
      'The server half of AstroData Lab is not running. Install it in the environment of the Jupyter server, in a ' +
        'terminal:'
    ),
    command: installCommand(environmentOf(pythonOfServer())),
    then: restartServer(trans)
  };
}

/** Gives what to do where JupyterLab has nothing that shows widgets. */
export function adviceOnNoWidgets(server: HelloMeta | null, trans: TranslationBundle): IAdvice {
  return {
    text: trans.__(
      'This JupyterLab does not show the viewers of AstroData: it lacks anywidget or jupyterlab_widgets, or they are ' +
        'disabled. They come with the server half; in a terminal:'
    ),
    command: installCommand(server ? environmentIn(server) : environmentOf(pythonOfServer())),
    then: restartServer(trans)
  };
}

/** Gives what to do about the toolkit of a kernel, or null for one that fits. */
export function adviceOnKernel(
  kernel: string,
  hello: HelloMeta,
  trans: TranslationBundle
): IAdvice | null {
  if (hello.protocol === PROTOCOL) {
    return null;
  }
  return {
    text: trans.__(
      'The kernel “%1” has AstroData Lab %2 (protocol %3), this page %4 (protocol %5). Run this in a terminal:',
      kernel,
      hello.version,
      hello.protocol,
      VERSION,
      PROTOCOL
    ),
    command: installCommand(environmentIn(hello), [KERNEL]),
    then: restartKernel(trans)
  };
}

/** Gives what to do about a kernel without the toolkit. */
export function adviceOnNoToolkit(
  kernel: string,
  environment: Environment,
  trans: TranslationBundle
): IAdvice {
  return {
    text: trans.__(
      'The kernel “%1” does not have the toolkit of AstroData Lab. Install it in its environment, in a terminal:',
      kernel
    ),
    command: installCommand(environment, [KERNEL]),
    then: restartKernel(trans)
  };
}

function restartKernel(trans: TranslationBundle): string {
  return trans.__('Then restart the kernel.');
}

function restartServer(trans: TranslationBundle): string {
  return trans.__('Then restart the Jupyter server and reload this page.');
}

/** JupyterLab's own files lie in the environment of its server. */
function pythonOfServer(): string {
  const [prefix, rest] = PageConfig.getOption('staticDir').split('/share/jupyter/lab/');
  return prefix.startsWith('/') && rest === 'static' ? `${prefix}/bin/python` : 'python';
}
