import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { ClashAnswer } from '../upload';

/** Ask what to do about a name that the folder has already. */
export async function askClash(
  name: string,
  mayReplace: boolean,
  trans: TranslationBundle
): Promise<ClashAnswer> {
  const replace = Dialog.warnButton({ label: trans.__('Replace') });
  const keepBoth = Dialog.okButton({ label: trans.__('Keep both') });
  const { button } = await showDialog({
    title: trans.__('The folder has a file of this name'),
    body: trans.__('%1 is already there. Replace it, or keep both under different names?', name),
    buttons: [Dialog.cancelButton(), ...(mayReplace ? [replace] : []), keepBoth],
    defaultButton: mayReplace ? 2 : 1
  });
  if (button.label === keepBoth.label) {
    return 'keep-both';
  }
  return button.accept ? 'replace' : 'cancel';
}
