/** A tab with a viewer of a notebook's output, and what stands in the output meanwhile. */
import { DOMUtils, MainAreaWidget } from '@jupyterlab/apputils';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { ToolbarButton, undoIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';

import { Detachable, DETACH_BUTTON } from '../core/detach';
import { fill } from './documents/filling';
import { panelIcon } from './icons';

const CLASS = 'jp-astrodata-lab-detached';
const PLACEHOLDER = 'jp-astrodata-lab-detachedPlace';
/** JupyterLab takes Enter in an output for its own, and looks at the focused element for this first. */
const OWN_KEYS = 'data-lm-suppress-shortcuts';

/** After any of these the widget in the kernel, from which a viewer gets its pictures, is no more. */
const GONE = ['restarting', 'autorestarting', 'terminating', 'dead'];

export interface IDetachedViewOptions {
  readonly view: Detachable;
  readonly panel: NotebookPanel;
  readonly trans: TranslationBundle;
  /** Brings a widget of the main area to the front. */
  readonly activate: (id: string) => void;
}

/** Give the button that detaches a viewer; one with several panes has one in each, of which one is seen. */
export function seenButton(place: Element): HTMLElement | undefined {
  const all = place.querySelectorAll<HTMLElement>(`.${DETACH_BUTTON}`);
  return [...all].find(one => one.offsetParent !== null);
}

/**
 * The element of the view is moved, and nothing of it is made anew: graphics, selection and drafts stay, and the
 * view is over when that of its output is.
 */
export class DetachedView extends MainAreaWidget<Widget> {
  constructor(private readonly _options: IDetachedViewOptions) {
    super({ content: new Widget() });
    const { view, panel, trans } = _options;
    this.id = DOMUtils.createDomID();
    this.title.icon = panelIcon;
    this.content.addClass(CLASS);
    this.content.node.tabIndex = -1;
    this.toolbar.addItem(
      'bring-back',
      new ToolbarButton({
        icon: undoIcon,
        label: trans.__('Bring Back'),
        tooltip: trans.__('Close the tab and show the viewer below its cell'),
        onClick: () => this.bringBack()
      })
    );
    this._notice.className = 'jp-astrodata-lab-document-notice';
    this._notice.setAttribute('role', 'status');
    this._notice.hidden = true;
    this._host.className = `${CLASS}-host`;
    this.content.node.append(this._notice, this._host);
    this._makePlaceholder();
    view.place.replaceWith(this._placeholder);
    this._host.append(view.place);
    fill(this._host, view.place, view.height, this._ended.signal);
    this._name();

    const { signal } = this._ended;
    view.signal.addEventListener('abort', () => this.dispose(), { signal });
    panel.disposed.connect(this.dispose, this);
    panel.title.changed.connect(this._name, this);
    panel.sessionContext.statusChanged.connect((_, status) => {
      if (GONE.includes(status)) {
        this._tellGone();
      }
    }, this);
    panel.sessionContext.kernelChanged.connect(this._tellGone, this);
  }

  /** Put the view back into its output, and go there. */
  bringBack(): void {
    const { view, panel, activate } = this._options;
    const index = this._cell;
    this.dispose();
    activate(panel.id);
    void panel.content.scrollToItem(index, 'smart').then(() => {
      panel.content.activeCellIndex = index;
      seenButton(view.place)?.focus();
    });
  }

  /** Put the view back, if it is still there. */
  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    const { view } = this._options;
    this._ended.abort();
    if (view.signal.aborted) {
      this._placeholder.remove();
    } else {
      this._placeholder.replaceWith(view.place);
      view.height.set(null);
    }
    super.dispose();
  }

  /** The number of the cell whose output the view belongs to. */
  private get _cell(): number {
    const { widgets } = this._options.panel.content;
    return widgets.findIndex(cell => cell.node.contains(this._placeholder));
  }

  private _makePlaceholder(): void {
    const { trans, activate } = this._options;
    const button = (label: string, act: () => void): HTMLElement => {
      const made = document.createElement('button');
      made.type = 'button';
      made.textContent = label;
      made.setAttribute(OWN_KEYS, 'true');
      made.addEventListener('click', act);
      return made;
    };
    this._placeholder.className = PLACEHOLDER;
    this._said.setAttribute('role', 'status');
    const buttons = document.createElement('div');
    buttons.append(
      button(trans.__('Show Tab'), () => activate(this.id)),
      button(trans.__('Bring Back'), () => this.bringBack())
    );
    this._placeholder.append(this._said, buttons);
  }

  /** Name the tab after the notebook and the number of the cell. */
  private _name(): void {
    const { panel, trans } = this._options;
    const model = panel.content.widgets[this._cell]?.model;
    const count = model?.type === 'code' ? model.sharedModel.toJSON().execution_count : null;
    const { label } = panel.title;
    this.title.label = typeof count === 'number' ? `${label} [${count}]` : label;
    this.title.caption = trans.__('Viewer of a cell of %1', panel.context.path);
    if (this._notice.hidden) {
      this._said.textContent = trans.__('This viewer is in the tab “%1”.', this.title.label);
    }
  }

  private _tellGone(): void {
    const { trans } = this._options;
    const text = trans.__(
      'The kernel that made this viewer has ended or was restarted. Run the cell again.'
    );
    this._notice.textContent = this._said.textContent = text;
    this._notice.hidden = false;
  }

  private readonly _placeholder = document.createElement('div');
  private readonly _said = document.createElement('span');
  private readonly _notice = document.createElement('div');
  private readonly _host = document.createElement('div');
  private readonly _ended = new AbortController();
}
