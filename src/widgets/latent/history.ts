/** The history of all starts in one plot, collapsed ones dashed and named. */
import type uPlot from 'uplot';
import type { HistoryMeta, StartFacts } from '../../core/latent';
import type { Reply } from '../../core/request';
import { decode } from '../../core/wire';
import { make } from '../common/dom';
import { logRange, valueText } from '../common/scale';
import { themed } from '../common/theme';
import { css, PALETTE } from './colours';
import { Lines } from '../common/lines';

const DEAD = '#8a8a8a';

export class History {
  readonly element: HTMLElement;
  readonly #plotted = make('div', { class: 'astrodata-latent-history', role: 'img' });
  readonly #words = make('div', { class: 'astrodata-latent-words' });
  #lines: Lines | null = null;

  constructor() {
    this.element = make('div', {}, this.#plotted, this.#words);
  }

  show({ meta, buffers }: Reply<HistoryMeta>): void {
    const { data } = decode(meta, buffers[0]);
    const total = meta.shape[2];
    const epochs = Array.from(data.subarray(0, total));
    const losses = Array.from(data.subarray(total, 2 * total));
    const positive = losses.filter(loss => Number.isFinite(loss) && loss > 0);
    const log = positive.length > 0 && losses.every(loss => !(loss <= 0));
    const best = bestOf(meta.starts);
    this.#tell(meta, best, log);
    this.#lines?.dispose();
    this.#lines = new Lines(
      this.#plotted,
      {
        x: 'epoch, rounds one after another',
        y: meta.loss === 'val_loss' ? 'validation loss' : 'loss',
        log,
        range: log ? logRange(0.98 * least(positive), 1.02 * most(positive)) : [0, 1],
        series: meta.starts.map(start => styleOf(start, start === best, meta)),
        after: plot => markRounds(plot, meta, this.#plotted)
      },
      aligned(meta.starts, epochs, losses)
    );
  }

  redraw(): void {
    this.#lines?.redraw();
  }

  dispose(): void {
    this.#lines?.dispose();
  }

  #tell({ starts, rounds, loss }: HistoryMeta, best: StartFacts | null, log: boolean): void {
    const dead = starts.filter(start => start.collapsed);
    const name = ({ round, start }: StartFacts) => `round ${round}, start ${start}`;
    const summary =
      `${starts.length} starts in ${rounds.length} ${rounds.length === 1 ? 'round' : 'rounds'}` +
      (best ? `; best is ${name(best)} with ${loss} ${valueText(best.best!)}` : '') +
      (dead.length ? `; ${dead.length} collapsed, dashed:` : '; none collapsed.');
    this.#plotted.setAttribute(
      'aria-label',
      `${loss} against epoch${log ? ', logarithmic' : ''}: ${summary}`
    );
    const keys = rounds.map(({ round }, i) => {
      const patch = make('i', { 'aria-hidden': 'true' });
      patch.style.background = css(PALETTE[i % PALETTE.length]);
      return make('li', {}, patch, `round ${round}`);
    });
    this.#words.replaceChildren(
      make('ul', { class: 'astrodata-latent-rounds' }, ...keys),
      make('p', {}, summary),
      make(
        'ul',
        { 'aria-label': 'Collapsed starts' },
        ...dead.map(start => make('li', {}, `${name(start)}: ${start.collapsed}`))
      )
    );
  }
}

function bestOf(starts: readonly StartFacts[]): StartFacts | null {
  return starts
    .filter(start => !start.collapsed && start.best !== null)
    .reduce<StartFacts | null>((a, b) => (a && a.best! <= b.best! ? a : b), null);
}

const least = (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b), Infinity);
const most = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b), -Infinity);

function styleOf(start: StartFacts, best: boolean, { rounds }: HistoryMeta) {
  const round = rounds.findIndex(one => one.round === start.round);
  return {
    stroke: start.collapsed ? DEAD : css(PALETTE[Math.max(0, round) % PALETTE.length]),
    width: best ? 2.6 : 1.1,
    spanGaps: true,
    ...(start.collapsed ? { dash: [5, 4] } : {}),
    points: { show: start.count === 1, size: 5 }
  };
}

/** Gives all starts over the epochs of any: where one has none there is nothing. */
function aligned(
  starts: readonly StartFacts[],
  epochs: readonly number[],
  losses: readonly number[]
): uPlot.AlignedData {
  const x = [...new Set(epochs)].sort((a, b) => a - b);
  const place = new Map(x.map((epoch, i) => [epoch, i]));
  let from = 0;
  const curves = starts.map(({ count }) => {
    const curve: (number | null)[] = x.map(() => null);
    for (let i = from; i < from + count; i++) {
      curve[place.get(epochs[i])!] = Number.isFinite(losses[i]) ? losses[i] : null;
    }
    from += count;
    return curve;
  });
  return [x, ...curves];
}

/** A line where a round ends. */
function markRounds(plot: uPlot, { rounds }: HistoryMeta, element: HTMLElement): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = themed(element, '--astrodata-line');
  ctx.setLineDash([2, 3]);
  for (const { end } of rounds.slice(0, -1)) {
    const x = Math.round(plot.valToPos(end + 0.5, 'x', true));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
