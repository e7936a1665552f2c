/** The curve of a region: its histogram, growth, radial profile, or the values along a line. */
import type { AlignedData } from 'uplot';
import type { Curve } from '../../../core/regions';
import { make } from '../../common/dom';
import { themed } from '../../common/theme';
import { Lines, type LineOptions } from '../../common/lines';
import type { Measured } from './asking';

/** Names of the axes; `%` stands for the unit of the image. */
const AXES: Readonly<Record<Curve, readonly [string, string]>> = {
  histogram: ['value%', 'pixels'],
  growth: ['radius, px', 'flux%'],
  radial: ['radius, px', 'value%'],
  line: ['distance, px', 'value%']
};

export class CurvePlot {
  readonly element = make('div', { class: 'astrodata-fits-curve', role: 'img' });
  #lines: Lines | null = null;
  #made = '';

  show({ meta, columns }: Measured): void {
    const { curve, unit } = meta;
    this.element.hidden = !curve || !columns[0]?.length;
    if (!curve || this.element.hidden) {
      return;
    }
    const data = curve === 'histogram' ? steps(columns) : columns;
    this.element.setAttribute('aria-label', `Plot of ${curve}, ${columns[0].length} places`);
    const key = `${curve} ${unit}`;
    if (this.#lines && this.#made === key) {
      this.#lines.set(data as AlignedData);
      return;
    }
    this.dispose();
    this.#made = key;
    this.#lines = new Lines(this.element, this.#options(curve, unit), data as AlignedData);
  }

  redraw(): void {
    this.#lines?.redraw();
  }

  dispose(): void {
    this.#lines?.dispose();
    this.#lines = null;
    this.element.replaceChildren();
  }

  #options(curve: Curve, unit: string): LineOptions {
    const colour = (name: string) => () => themed(this.element, name);
    const [x, y] = AXES[curve].map(name => name.replace('%', unit && `, ${unit}`));
    const main = { stroke: colour('--astrodata-focus'), width: 1.5 };
    const series =
      curve === 'radial'
        ? [
            { ...main, width: 0, points: { show: true, size: 5 } },
            { stroke: colour('--astrodata-fits-fitted'), width: 1.5 }
          ]
        : [main];
    return { x, y, series };
  }
}

/** Gives the outline of bins as a line: low, high and count of each. */
function steps([low, high, count]: readonly (number | null)[][]): (number | null)[][] {
  const xs = low.flatMap((from, i) => [from, high[i]]);
  const ys = count.flatMap(n => [n, n]);
  return [
    [low[0], ...xs, high[high.length - 1]],
    [0, ...ys, 0]
  ];
}
