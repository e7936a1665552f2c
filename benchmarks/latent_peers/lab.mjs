/** JupyterLab in the page: cells of the notebook, and Python beside them. */
export class Lab {
  constructor(page) {
    this.page = page;
  }

  pause(seconds) {
    return new Promise(done => setTimeout(() => done(null), 1000 * seconds));
  }

  async open(address) {
    await this.page.addInitScript(() => {
      // When the hand let go: by the event's own clock, however late the page comes to it.
      const note = event => (window.__up = performance.timeOrigin + event.timeStamp);
      addEventListener('pointerup', note, true);
      addEventListener('mouseup', note, true);
    });
    await this.page.goto(address);
    await this.page.waitForFunction(
      () => {
        const panel = window.jupyterapp?.shell?.currentWidget;
        return (
          panel?.content?.widgets?.length &&
          panel.sessionContext?.session?.kernel?.status === 'idle'
        );
      },
      null,
      { timeout: 120_000 }
    );
    // Panels that some extensions open at the side would make the pictures narrower.
    await this.page.evaluate(() => {
      const { shell } = window.jupyterapp;
      shell.collapseLeft();
      shell.collapseRight();
    });
  }

  /** Runs code as a cell of the notebook, as Shift+Enter does; gives what it printed at its end. */
  cell(index, code) {
    return this.page.evaluate(
      async ([index, code]) => {
        const { jupyterapp } = window;
        const notebook = jupyterapp.shell.currentWidget.content;
        notebook.activeCellIndex = index;
        notebook.activeCell.model.sharedModel.setSource(code);
        await jupyterapp.commands.execute('notebook:run-cell');
        const outputs = notebook.widgets[index].model.outputs.toJSON();
        return outputs
          .map(one => one.text ?? (one.traceback ? `${one.ename}: ${one.evalue}` : ''))
          .join('')
          .slice(-2000);
      },
      [index, code]
    );
  }

  /** Waits until the kernel works. */
  busy() {
    return this.page.waitForFunction(
      () => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'
    );
  }

  /** Runs code in the kernel, outside the notebook; gives what it printed, throws what it raised. */
  python(code, most = 4000) {
    return this.page.evaluate(
      async ([code, most]) => {
        const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
        let said = '';
        let wrong = '';
        const future = kernel.requestExecute({ code, store_history: false });
        future.onIOPub = ({ header, content }) => {
          if (header.msg_type === 'stream') {
            said += content.text;
          } else if (header.msg_type === 'error') {
            wrong = `${content.ename}: ${content.evalue}`;
          }
        };
        await future.done;
        if (wrong) {
          throw new Error(wrong);
        }
        return most === null ? said : said.slice(-most);
      },
      [code, most === Infinity ? null : most]
    );
  }
}
