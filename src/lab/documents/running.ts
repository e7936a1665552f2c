/** Python that runs in the kernel of a document, and what came of it. */
import { Kernel, KernelMessage } from '@jupyterlab/services';

const VIEW = 'application/vnd.jupyter.widget-view+json';
const COLOURS = /\u001b\[[0-9;]*m/g;

/** What came of a piece of code. */
export interface IOutcome {
  /** Id of the widget that its last line gave. */
  readonly widget: string | null;
  /** What it printed, and what its last line is as text. */
  readonly text: string;
  readonly error: IKernelError | null;
}

export interface IKernelError {
  readonly name: string;
  readonly message: string;
  readonly traceback: string;
}

/**
 * Run code to its end. The kernel counts and keeps it as little as what it does by itself.
 *
 * @throws Error when the kernel ended meanwhile.
 */
export async function run(kernel: Kernel.IKernelConnection, code: string): Promise<IOutcome> {
  let widget: string | null = null;
  let text = '';
  const future = kernel.requestExecute({ code, store_history: false, allow_stdin: false });
  future.onIOPub = msg => {
    if (KernelMessage.isStreamMsg(msg) && msg.content.name === 'stdout') {
      text += msg.content.text;
    } else if (KernelMessage.isExecuteResultMsg(msg)) {
      const { data } = msg.content;
      const view = data[VIEW] as { model_id?: unknown } | undefined;
      widget = typeof view?.model_id === 'string' ? view.model_id : null;
      text += String(data['text/plain'] ?? '');
    }
  };
  const { content } = await future.done;
  return { widget, text, error: errorOf(content) };
}

function errorOf(content: KernelMessage.IExecuteReplyMsg['content']): IKernelError | null {
  switch (content.status) {
    case 'ok':
      return null;
    case 'error':
      return {
        name: content.ename,
        message: content.evalue,
        traceback: content.traceback.join('\n').replace(COLOURS, '')
      };
    default:
      // Another cell of this kernel failed, or it was interrupted before it began.
      return { name: 'KeyboardInterrupt', message: '', traceback: '' };
  }
}
