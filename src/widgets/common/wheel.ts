/** Gives how much closer a turn of the wheel comes. A pinch on a touchpad is a wheel with Ctrl held. */
export function wheelFactor(event: Pick<WheelEvent, 'deltaY' | 'deltaMode' | 'ctrlKey'>): number {
  const pixels =
    event.deltaY * (event.deltaMode === 0 ? 1 : LINE * (event.deltaMode === 1 ? 1 : 20));
  const speed = event.ctrlKey ? 0.01 : 0.002;
  return Math.min(4, Math.max(0.25, Math.exp(-pixels * speed)));
}

const LINE = 16;
