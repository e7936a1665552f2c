import { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import { loadToolkit } from '../computeCells';
import { percentText, sizeText } from '../format';
import { CellOf } from '../runCells';
import { ClusterRows, ClusterStart } from './clusterRows';
import { Compute, HISTORY, IDevice, IMoment, IUsage } from './compute';
import { Meter } from './meter';
import { Section } from './section';

export interface IComputeSectionProps {
  readonly compute: Compute;
  readonly trans: TranslationBundle;
  /** Put a cell into the notebook, and run it if it is wanted. */
  readonly onInsert: (cell: CellOf, run: boolean) => void;
}

/** What the kernel of the active notebook takes of the machine, and its clusters. */
export function ComputeSection(props: IComputeSectionProps): JSX.Element {
  const { compute, trans } = props;
  const [starting, setStarting] = React.useState(false);
  const button = React.useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setStarting(false);
    button.current?.focus();
  };
  return (
    <UseSignal signal={compute.changed}>
      {() => (
        <Section
          id="compute"
          title={trans.__('Compute')}
          actions={
            compute.status === 'ready' && compute.clusters.length === 0 ? (
              <button
                ref={button}
                type="button"
                className="jp-astrodata-lab-button jp-mod-plain"
                aria-expanded={starting}
                onClick={() => setStarting(!starting)}
              >
                {trans.__('Start cluster…')}
              </button>
            ) : null
          }
        >
          <Seen compute={compute}>
            {starting && compute.clusters.length === 0 ? (
              <ClusterStart {...props} onClose={close} />
            ) : null}
            <Contents {...props} />
          </Seen>
        </Section>
      )}
    </UseSignal>
  );
}

/** Has the kernel asked only while what is here is on the screen. */
function Seen(props: {
  readonly compute: Compute;
  readonly children: React.ReactNode;
}): JSX.Element {
  const { compute, children } = props;
  const node = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const observer = new IntersectionObserver(entries => {
      compute.seen = entries[entries.length - 1].isIntersecting;
    });
    observer.observe(node.current!);
    return () => {
      observer.disconnect();
      compute.seen = false;
    };
  }, [compute]);
  return (
    <div ref={node} className="jp-astrodata-lab-compute">
      {children}
    </div>
  );
}

function Contents(props: IComputeSectionProps): JSX.Element {
  const { compute, trans, onInsert } = props;
  const { usage } = compute;
  const sentence = sentenceOf(compute, trans);
  return (
    <>
      {sentence === '' ? null : (
        <p className="jp-astrodata-lab-computeState" role="status">
          {sentence}
        </p>
      )}
      {compute.status === 'absent' ? (
        <button
          type="button"
          className="jp-astrodata-lab-button jp-mod-plain"
          onClick={() => onInsert(loadToolkit, true)}
        >
          {trans.__('Load it')}
        </button>
      ) : null}
      {compute.failures.map(failure => (
        <p key={failure} className="jp-astrodata-lab-warning" role="status">
          {failure}
        </p>
      ))}
      {usage === null ? null : <Numbers {...props} usage={usage} />}
    </>
  );
}

/** The state in a sentence; nothing while the numbers speak for themselves. */
function sentenceOf(compute: Compute, trans: TranslationBundle): string {
  const { notebook } = compute;
  switch (compute.status) {
    case 'no-notebook':
      return trans.__('Open a notebook: what its kernel takes of the machine is shown here.');
    case 'no-kernel':
      return trans.__('%1 has no kernel.', notebook);
    case 'not-python':
      return trans.__('The kernel of %1 does not run Python.', notebook);
    case 'asking':
      return trans.__('Asking the kernel of %1…', notebook);
    case 'absent':
      return trans.__('The toolkit is not loaded in the kernel of %1.', notebook);
    case 'silent':
      return compute.measured === null
        ? trans.__('The kernel of %1 does not answer: it is busy.', notebook)
        : trans.__(
            'The kernel of %1 does not answer: it is busy. These numbers are of %2.',
            notebook,
            new Date(compute.measured).toLocaleTimeString()
          );
    default:
      return compute.isPaused
        ? trans.__('Nobody is here: %1 is not asked.', notebook)
        : trans.__('Kernel of %1', notebook);
  }
}

function Numbers(props: IComputeSectionProps & { readonly usage: IUsage }): JSX.Element {
  const { compute, trans, usage } = props;
  const { disk, history } = compute;
  const { memory, cpu } = usage;
  const last = history[history.length - 1];
  const line = (of: (moment: IMoment) => number | null): [number, number | null][] =>
    history.map(moment => [moment.time, of(moment)]);
  const common = { span: HISTORY };
  return (
    <>
      {usage.devices.map((device, index) => (
        <Meter
          {...common}
          key={index}
          warns
          label={device.name}
          share={last.devices[index] ?? null}
          text={amountText(device.used, device.memory, trans)}
          details={deviceDetails(device, trans)}
          history={line(moment => moment.devices[index] ?? null)}
        />
      ))}
      {usage.devices.length === 0 ? (
        <p className="jp-astrodata-lab-detail">{usage.no_devices}</p>
      ) : null}
      <Meter
        {...common}
        warns
        label={trans.__('Memory')}
        share={last.memory}
        text={amountText(memory.used, memory.total, trans)}
        details={[
          ...(memory.own === null ? [] : [trans.__('this kernel %1', sizeText(memory.own))]),
          ...(memory.scope === 'machine' ? [trans.__('of the whole machine')] : [])
        ]}
        history={line(moment => moment.memory)}
      />
      <Meter
        {...common}
        label={trans.__('CPU')}
        share={last.cpu}
        text={
          cpu.busy === null
            ? trans._n('%1 core', '%1 cores', cpu.total)
            : trans.__('%1 of %2 cores', cpu.busy.toFixed(1), coresText(cpu.total))
        }
        details={[]}
        history={line(moment => moment.cpu)}
      />
      {disk === null ? null : (
        <Meter
          {...common}
          warns
          label={trans.__('Disk')}
          share={disk.total > 0 ? Math.min(1, disk.used / disk.total) : null}
          text={amountText(disk.used, disk.total, trans)}
          details={[trans.__('%1 free for the workspace', sizeText(disk.free))]}
          history={[]}
        />
      )}
      <ClusterRows {...props} />
    </>
  );
}

function amountText(used: number | null, total: number, trans: TranslationBundle): string {
  return used === null ? sizeText(total) : trans.__('%1 of %2', sizeText(used), sizeText(total));
}

function coresText(count: number): string {
  return Number.isInteger(count) ? String(count) : count.toFixed(1);
}

function deviceDetails(device: IDevice, trans: TranslationBundle): string[] {
  const { own, utilisation, mig } = device;
  return [
    utilisation !== null
      ? trans.__('%1 busy', percentText(utilisation))
      : mig
        ? trans.__('utilisation not reported on MIG')
        : trans.__('utilisation not reported'),
    ...(own === null ? [] : [trans.__('this kernel %1', sizeText(own))])
  ];
}
