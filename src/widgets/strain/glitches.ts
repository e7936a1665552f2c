/** Glitches as marks on the plots, and as text. */
import type uPlot from 'uplot';
import type { Glitch } from '../../core/strain';
import { themed } from '../common/theme';
import { short } from './numbers';

const REACH = 9;
const SIZE = 5;

/** Gives what is known of a glitch in one line. */
export function glitchText({ time, frequency, snr, duration, label }: Glitch): string {
  return [
    label || 'Glitch',
    `${time.toFixed(4)} s`,
    frequency === null ? '' : `${short(frequency)} Hz`,
    snr === null ? '' : `SNR ${short(snr, 3)}`,
    duration === null ? '' : `${short(duration, 3)} s long`
  ]
    .filter(part => part !== '')
    .join(', ');
}

/** Gives the next or the previous glitch from a time, null where there is none. */
export function neighbour(glitches: readonly Glitch[], time: number, step: 1 | -1): Glitch | null {
  const margin = 1e-4;
  const beyond = glitches.filter(glitch => step * (glitch.time - time) > margin);
  return beyond.reduce<Glitch | null>(
    (best, glitch) => (!best || step * (glitch.time - best.time) < 0 ? glitch : best),
    null
  );
}

/** Gives the glitch under a place of the plotting area; those without frequency lie at the `bottom`. */
export function nearest(
  place: (time: number, frequency: number) => { left: number; top: number },
  glitches: readonly Glitch[],
  { left, top }: { left: number; top: number },
  bottom: number
): Glitch | null {
  let [found, least]: [Glitch | null, number] = [null, REACH];
  for (const glitch of glitches) {
    const at = place(glitch.time, glitch.frequency ?? bottom);
    const distance = Math.hypot(at.left - left, at.top - top);
    if (distance <= least) {
      [found, least] = [glitch, distance];
    }
  }
  return found;
}

/** Paints a diamond at each glitch, or a tick at the upper edge where the plot has no frequencies. */
export function paintMarks(plot: uPlot, glitches: readonly Glitch[], frequencies: boolean): void {
  const { ctx, bbox } = plot;
  const density = devicePixelRatio || 1;
  const size = SIZE * density;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { time, frequency } of glitches) {
    const x = plot.valToPos(time, 'x', true);
    if (x < bbox.left - size || x > bbox.left + bbox.width + size) {
      continue;
    }
    const y = !frequencies
      ? bbox.top + size
      : frequency === null
        ? bbox.top + bbox.height - size
        : plot.valToPos(frequency, 'y', true);
    ctx.beginPath();
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y);
    ctx.lineTo(x, y + size);
    ctx.lineTo(x - size, y);
    ctx.closePath();
    // Dark under light: seen on any colour.
    ctx.lineWidth = 3 * density;
    ctx.strokeStyle = 'rgba(0, 0, 0, 0.8)';
    ctx.stroke();
    ctx.lineWidth = 1.5 * density;
    ctx.strokeStyle = frequencies ? '#fff' : themed(plot.root, '--astrodata-strain-mark');
    ctx.stroke();
  }
  ctx.restore();
}
