/** What a document's tab shows: the viewer, or in words what keeps it from being there. */
import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { OwnHeight } from '../../core/detach';
import { adviceNode, paragraph } from '../handshake/commandNode';
import { fill } from './filling';
import { render } from './rendering';
import { Phase, Remedy, Viewing } from './viewing';
import { WidgetModel } from './widgetModels';

const CLASS = 'jp-astrodata-lab-document';

export class DocumentView extends Widget {
  constructor(
    private readonly _viewing: Viewing,
    private readonly _name: () => string,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass(CLASS);
    this._notice.setAttribute('role', 'status');
    this.node.append(this._notice, this._state, this._host);
    this._state.className = `${CLASS}-state`;
    this._notice.className = `${CLASS}-notice`;
    this._host.className = `${CLASS}-host`;
    _viewing.changed.connect(this._draw, this);
    this._draw();
  }

  override dispose(): void {
    this._drawn?.abort();
    super.dispose();
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    void this._viewing.check();
  }

  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this.node.tabIndex = -1;
    this.node.focus({ preventScroll: true });
    void this._viewing.check();
  }

  private _draw(): void {
    const { phase, isStale } = this._viewing;
    this._notice.hidden = !isStale;
    this._notice.replaceChildren(...(isStale ? this._stale() : []));
    this._state.hidden = phase.name === 'shown';
    if (phase.name === 'shown') {
      this._state.replaceChildren();
      this._show(phase);
      return;
    }
    this._drawn?.abort();
    this._drawn = null;
    this._host.replaceChildren();
    // A share that grows must not be read out each time.
    const kind = phase.name === 'failed' ? 'alert' : 'status';
    if (this._state.getAttribute('role') !== kind) {
      this._state.setAttribute('role', kind);
    }
    this._state.replaceChildren(...this._told(phase));
  }

  private _show({ model, models }: Extract<Phase, { name: 'shown' }>): void {
    if (this._drawn?.model === model) {
      return;
    }
    this._drawn?.abort();
    const controller = new AbortController();
    this._drawn = { model, abort: () => controller.abort() };
    const { signal } = controller;
    render(model, models, this._host, signal).then(
      root => signal.aborted || fill(this._host, root, heightOf(model), signal),
      (error: Error) => {
        if (!signal.aborted) {
          this._host.replaceChildren();
          this._state.hidden = false;
          this._state.setAttribute('role', 'alert');
          this._state.replaceChildren(paragraph(error.message), this._button('retry'));
        }
      }
    );
  }

  private _told(phase: Exclude<Phase, { name: 'shown' }>): HTMLElement[] {
    const trans = this._trans;
    switch (phase.name) {
      case 'starting':
        return [paragraph(trans.__('Starting a kernel for %1…', this._name()))];
      case 'reading': {
        const bar = document.createElement('progress');
        bar.setAttribute('aria-label', trans.__('Reading %1', this._name()));
        if (phase.share !== null) {
          bar.value = phase.share;
        }
        const stop = button(trans.__('Stop'), () => void this._viewing.stop());
        return [paragraph(trans.__('Reading %1…', this._name())), bar, stop];
      }
      case 'failed': {
        const { advice } = phase;
        const parts: HTMLElement[] = [advice ? adviceNode(advice, trans) : paragraph(phase.text)];
        parts.push(this._button(phase.remedy));
        if (phase.details) {
          const details = document.createElement('details');
          const summary = document.createElement('summary');
          summary.textContent = trans.__('Details');
          const text = document.createElement('pre');
          text.textContent = phase.details;
          details.append(summary, text);
          parts.push(details);
        }
        return parts;
      }
    }
  }

  private _stale(): HTMLElement[] {
    const said = document.createElement('span');
    said.textContent = this._trans.__('%1 was written since it was opened.', this._name());
    return [said, button(this._trans.__('Reload'), () => void this._viewing.reload())];
  }

  private _button(remedy: Remedy): HTMLElement {
    const trans = this._trans;
    const labels: Record<Remedy, string> = {
      retry: trans.__('Retry'),
      restart: trans.__('Restart'),
      start: trans.__('Start a kernel')
    };
    return button(labels[remedy], () => void this._viewing.mend(remedy));
  }

  private readonly _notice = document.createElement('div');
  private readonly _state = document.createElement('div');
  private readonly _host = document.createElement('div');
  /** What is drawn now, and how it ends. */
  private _drawn: { model?: unknown; abort(): void } | null = null;
}

/** The height of a document's viewer is its trait: nobody else shows that widget. */
function heightOf(model: WidgetModel): OwnHeight {
  return {
    get: () => model.get('height') as number | undefined,
    set: pixels => {
      model.set('height', pixels);
      model.save_changes();
    }
  };
}

function button(label: string, act: () => void): HTMLElement {
  const node = document.createElement('button');
  node.type = 'button';
  node.className = 'jp-Button jp-mod-styled jp-mod-accept';
  node.textContent = label;
  node.addEventListener('click', act);
  return node;
}
