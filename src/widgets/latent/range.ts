/** What a panel spans of a latent. */
import type { AxisFacts, Interval, Limits } from '../../core/latent';

const MARGIN = 0.03;
/** Widths of the garage on show at either side of it. */
const AROUND = 1.5;

/** Gives what a panel spans of a latent. */
export function rangeOf(limits: Limits, axis: AxisFacts, garage: Interval): Interval {
  if (axis.constant) {
    return widened(axis.low, axis.high);
  }
  if (limits === 'garage') {
    const width = garage[1] - garage[0];
    if (width > 0) {
      return [garage[0] - AROUND * width, garage[1] + AROUND * width];
    }
  }
  const [low, high] = limits === '98%' ? axis.central : [axis.low, axis.high];
  return widened(low, high);
}

function widened(low: number, high: number): Interval {
  const margin = MARGIN * (high - low) || 0.1 * Math.abs(low) || 1;
  return [low - margin, high + margin];
}
