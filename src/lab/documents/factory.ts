/** Makes the tabs of documents, with the buttons above their viewers. */
import { ISessionContext, Toolbar } from '@jupyterlab/apputils';
import { ABCWidgetFactory, DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';
import { Contents } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, LabIcon, refreshIcon, ToolbarButton } from '@jupyterlab/ui-components';

import { kindIcon } from '../icons';
import { PROVIDER } from './contents';
import { kindOf } from './fileTypes';
import { KeptKernels } from './kept';
import { DocumentView } from './view';
import { Viewing } from './viewing';

export type DataDocument = DocumentWidget<DocumentView, DocumentRegistry.IModel>;

export interface IFactoryNeeds {
  readonly contents: Contents.IManager;
  readonly kept: KeptKernels;
  readonly dialogs: ISessionContext.IDialogs | null;
  readonly trans: TranslationBundle;
  /** Inserts the cell that shows the same, and runs it. */
  readonly onOpenInNotebook: (path: string, viewing: Viewing) => void;
}

export class DocumentFactory extends ABCWidgetFactory<DataDocument> {
  constructor(
    options: DocumentRegistry.IWidgetFactoryOptions<DataDocument>,
    private readonly _needs: IFactoryNeeds
  ) {
    super(options);
  }

  protected override createNewWidget(context: DocumentRegistry.Context): DataDocument {
    const { contents, trans } = this._needs;
    const name = (): string => contents.localPath(context.path).split('/').pop() as string;
    const content = new DocumentView(this._viewingOf(context), name, trans);
    const widget = new DocumentWidget<DocumentView, DocumentRegistry.IModel>({ content, context });
    widget.addClass('jp-astrodata-lab-documentTab');
    widget.title.icon = kindIcon(kindOf(context.path));
    return widget;
  }

  protected override defaultToolbarFactory(widget: DataDocument): DocumentRegistry.IToolbarItem[] {
    const { dialogs, onOpenInNotebook, trans } = this._needs;
    const { context } = widget;
    const viewing = this._viewingOf(context);
    const button = (label: string, tooltip: string, icon: LabIcon, act: () => void) => {
      const made = new ToolbarButton({
        label,
        tooltip,
        icon,
        onClick: () => {
          // Each click turns it, and this one is no switch.
          made.pressed = false;
          act();
        }
      });
      return made;
    };
    return [
      {
        name: 'openInNotebook',
        widget: button(
          trans.__('Open in Notebook'),
          trans.__('Insert and run the cell that shows the same'),
          addIcon,
          () => onOpenInNotebook(context.path, viewing)
        )
      },
      {
        name: 'reload',
        widget: button(
          trans.__('Reload'),
          trans.__('Open the file anew, as it is now'),
          refreshIcon,
          () => void viewing.reload()
        )
      },
      { name: 'keepKernel', widget: this._keepButton(context.sessionContext) },
      { name: 'spacer', widget: Toolbar.createSpacerItem() },
      {
        name: 'kernelName',
        widget: Toolbar.createKernelNameItem(context.sessionContext, dialogs ?? undefined)
      }
    ];
  }

  /** Two views of one document show one viewer of one kernel. */
  private _viewingOf(context: DocumentRegistry.Context): Viewing {
    const known = this._viewings.get(context);
    if (known) {
      return known;
    }
    const { contents, trans } = this._needs;
    const viewing = new Viewing({
      session: context.sessionContext,
      path: () => contents.localPath(context.path),
      modified: async () =>
        (await contents.get(context.path, { contentProviderId: PROVIDER })).last_modified,
      trans
    });
    this._viewings.set(context, viewing);
    context.disposed.connect(() => viewing.dispose());
    contents.fileChanged.connect(() => void viewing.check(), viewing);
    return viewing;
  }

  private _keepButton(session: ISessionContext): ToolbarButton {
    const { kept, trans } = this._needs;
    const show = (isKept: boolean): void => {
      button.pressed = isKept;
      session.kernelPreference = { ...session.kernelPreference, shutdownOnDispose: !isKept };
    };
    const button = new ToolbarButton({
      label: trans.__('Keep Kernel'),
      tooltip: trans.__('Closing the tab shuts the kernel down. Press to keep it'),
      pressedTooltip: trans.__('The kernel stays when the tab is closed'),
      pressed: false,
      onClick: () => {
        const id = session.session?.kernel?.id;
        // The click has turned it already.
        show(button.pressed);
        if (id !== undefined) {
          void kept.keep(id, button.pressed);
        }
      }
    });
    const look = async (): Promise<void> => {
      const id = session.session?.kernel?.id;
      if (id !== undefined && (await kept.has(id)) && !session.isDisposed) {
        show(true);
      }
    };
    session.kernelChanged.connect(() => void look());
    void look();
    return button;
  }

  private readonly _viewings = new WeakMap<DocumentRegistry.Context, Viewing>();
}
