/** The parts of the viewer, in the order in which they lie over each other and take the hand: last first. */
import type { Part, PartContext } from './part';

export function makeParts(_context: PartContext): Part[] {
  return [];
}
