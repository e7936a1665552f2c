import { TranslationBundle } from '@jupyterlab/translation';
import { Menu } from '@lumino/widgets';

import { IDataset } from '../answers';

/** Where a menu opens, in CSS pixels of the window. */
export interface IPlace {
  readonly x: number;
  readonly y: number;
}

/** Something that can be done with a dataset. */
export interface IDatasetAction {
  /** What tells its command, `astrodata-lab:dataset-<id>`, from the others. */
  readonly id: string;
  readonly label: string;
  /** Why it cannot be done with a dataset, nothing where it can. */
  readonly refusal?: (dataset: IDataset) => string;
  readonly execute: (dataset: IDataset) => unknown;
}

export interface IDatasetMenuOptions {
  readonly commands: Menu.IOptions['commands'];
  readonly trans: TranslationBundle;
  readonly actions: readonly (IDatasetAction | 'separator')[];
  /** The dataset of a name, if there is one. */
  readonly find: (name: string) => IDataset | undefined;
}

/** What can be done with a dataset, as commands and as the menu of a row. */
export class DatasetMenu {
  constructor(private readonly _options: IDatasetMenuOptions) {
    for (const action of _options.actions) {
      if (action !== 'separator') {
        this._add(action);
      }
    }
  }

  /** Open the menu of a dataset; `done` is called when it closes, before what was chosen is done. */
  open(dataset: IDataset, { x, y }: IPlace, done: () => void): void {
    const menu = new Menu({ commands: this._options.commands });
    menu.addClass('jp-astrodata-lab-menu');
    for (const action of this._options.actions) {
      menu.addItem(
        action === 'separator'
          ? { type: 'separator' }
          : { command: commandOf(action.id), args: { name: dataset.name } }
      );
    }
    menu.aboutToClose.connect(() => {
      done();
      // Not while it is closing.
      setTimeout(() => menu.dispose());
    });
    menu.open(x, y);
    // By keyboard one comes to a menu with something to choose.
    menu.activateNextItem();
  }

  private _add(action: IDatasetAction): void {
    const { commands, find, trans } = this._options;
    const on = (args: { readonly [key: string]: unknown }): IDataset | undefined =>
      typeof args['name'] === 'string' ? find(args['name']) : undefined;
    const refusal = (dataset: IDataset): string => action.refusal?.(dataset) ?? '';
    commands.addCommand(commandOf(action.id), {
      label: args => {
        const dataset = on(args);
        const why = dataset ? refusal(dataset) : '';
        return why ? trans.__('%1 (%2)', action.label, why) : action.label;
      },
      isEnabled: args => {
        const dataset = on(args);
        return dataset !== undefined && refusal(dataset) === '';
      },
      execute: args => {
        const dataset = on(args);
        return dataset && action.execute(dataset);
      }
    });
  }
}

function commandOf(id: string): string {
  return `astrodata-lab:dataset-${id}`;
}
