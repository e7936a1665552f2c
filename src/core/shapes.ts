/** The geometry of regions, in 0-based array pixels. */
import type { Point } from './geometry';
import type { Corner, Path, Shape, ShapeName, Turned } from './regions';

/** What a handle does: turn, or move corner or side number `index`. */
export interface Handle extends Point {
  readonly kind: 'radius' | 'side' | 'corner' | 'vertex' | 'turn';
  readonly index: number;
}

/** Sizes are never less than this, in pixels. */
const LEAST = 0.01;

export function moved(shape: Shape, dx: number, dy: number): Shape {
  if ('points' in shape) {
    return { ...shape, points: shape.points.map(([x, y]): Corner => [x + dx, y + dy]) };
  }
  return { ...shape, x: shape.x + dx, y: shape.y + dy };
}

/** Gives the middle of a shape: its centre, or that of the box about its points. */
export function middle(shape: Shape): Point {
  if (!('points' in shape)) {
    return { x: shape.x, y: shape.y };
  }
  const { left, right, bottom, top } = extent(shape);
  return { x: (left + right) / 2, y: (bottom + top) / 2 };
}

/** Gives the box about a shape. */
export function extent(shape: Shape): { left: number; right: number; bottom: number; top: number } {
  if ('points' in shape) {
    const xs = shape.points.map(([x]) => x);
    const ys = shape.points.map(([, y]) => y);
    // Not spread into arguments: a polygon may have thousands of corners.
    const least = (a: number, b: number) => Math.min(a, b);
    const most = (a: number, b: number) => Math.max(a, b);
    return {
      left: xs.reduce(least),
      right: xs.reduce(most),
      bottom: ys.reduce(least),
      top: ys.reduce(most)
    };
  }
  let [across, up] = [0, 0];
  if (shape.shape === 'circle') {
    across = up = shape.radius;
  } else if (shape.shape !== 'point') {
    const { width: w, height: h } = shape;
    const [c, s] = turn(shape.angle);
    [across, up] =
      shape.shape === 'ellipse'
        ? [Math.hypot(w * c, h * s) / 2, Math.hypot(w * s, h * c) / 2]
        : [(Math.abs(w * c) + Math.abs(h * s)) / 2, (Math.abs(w * s) + Math.abs(h * c)) / 2];
  }
  return {
    left: shape.x - across,
    right: shape.x + across,
    bottom: shape.y - up,
    top: shape.y + up
  };
}

/** Gives corners of the outline, for polygons, lines and boxes. */
export function corners(shape: Path | Turned): readonly Corner[] {
  if ('points' in shape) {
    return shape.points;
  }
  const signs = [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1]
  ];
  return signs.map(([i, j]): Corner => {
    const { x, y } = outwards(shape, (i * shape.width) / 2, (j * shape.height) / 2);
    return [x, y];
  });
}

/**
 * Tells how far a place is from a shape: negative inside of an area, else the distance to its outline.
 */
export function away(shape: Shape, at: Point): number {
  switch (shape.shape) {
    case 'point':
      return Math.hypot(at.x - shape.x, at.y - shape.y);
    case 'circle':
      return Math.hypot(at.x - shape.x, at.y - shape.y) - shape.radius;
    case 'ellipse': {
      const { x, y } = inwards(shape, at);
      const [a, b] = [shape.width / 2, shape.height / 2];
      const part = Math.hypot(x / a, y / b);
      // Along the ray from the centre: near enough for a hand.
      return part === 0 ? -Math.min(a, b) : Math.hypot(x, y) * (1 - 1 / part);
    }
    case 'line':
      return toSegment(at, shape.points[0], shape.points[1]);
    default: {
      const all = corners(shape);
      let nearest = Infinity;
      let inside = false;
      all.forEach(([ax, ay], i) => {
        const [bx, by] = all[(i + 1) % all.length];
        nearest = Math.min(nearest, toSegment(at, [ax, ay], [bx, by]));
        if (ay > at.y !== by > at.y && at.x < ((bx - ax) * (at.y - ay)) / (by - ay) + ax) {
          inside = !inside;
        }
      });
      return inside ? -nearest : nearest;
    }
  }
}

/** Gives what a shape is resized and turned by. @param reach - From the outline to the turning handle. */
export function handles(shape: Shape, reach: number): Handle[] {
  switch (shape.shape) {
    case 'point':
      return [];
    case 'circle':
      return [0, 1, 2, 3].map(index => {
        const [c, s] = turn(90 * index);
        const at = { x: shape.x + shape.radius * c, y: shape.y + shape.radius * s };
        return { ...at, kind: 'radius', index };
      });
    case 'polygon':
    case 'line':
      return shape.points.map(([x, y], index) => ({ x, y, kind: 'vertex', index }));
    default: {
      const { width: w, height: h } = shape;
      const sides = [
        [w / 2, 0],
        [0, h / 2],
        [-w / 2, 0],
        [0, -h / 2]
      ].map(([x, y], index): Handle => ({ ...outwards(shape, x, y), kind: 'side', index }));
      const angles =
        shape.shape === 'box'
          ? corners(shape).map(([x, y], index): Handle => ({ x, y, kind: 'corner', index }))
          : [];
      const turning = { ...outwards(shape, 0, h / 2 + reach), kind: 'turn' as const, index: 0 };
      return [...sides, ...angles, turning];
    }
  }
}

/** Gives a shape whose handle was taken to a place. @param even - Keeps proportions, or whole angles. */
export function reshaped(shape: Shape, handle: Handle, to: Point, even = false): Shape {
  switch (shape.shape) {
    case 'point':
      return { ...shape, x: to.x, y: to.y };
    case 'circle':
      return { ...shape, radius: Math.max(LEAST, Math.hypot(to.x - shape.x, to.y - shape.y)) };
    case 'polygon':
    case 'line': {
      const points = shape.points.map((point, i): Corner =>
        i === handle.index ? [to.x, to.y] : point
      );
      return { ...shape, points };
    }
    default:
      return reshapedBox(shape, handle, to, even);
  }
}

function reshapedBox(shape: Turned, handle: Handle, to: Point, even: boolean): Shape {
  if (handle.kind === 'turn') {
    const angle = (Math.atan2(to.y - shape.y, to.x - shape.x) * 180) / Math.PI - 90;
    const round = even ? 15 * Math.round(angle / 15) : angle;
    return { ...shape, angle: ((round % 360) + 360) % 360 };
  }
  const { x, y } = inwards(shape, to);
  let { width, height } = shape;
  if (handle.kind === 'corner') {
    width = Math.max(LEAST, 2 * Math.abs(x));
    height = Math.max(LEAST, 2 * Math.abs(y));
    if (even) {
      const factor = Math.max(width / shape.width, height / shape.height);
      [width, height] = [factor * shape.width, factor * shape.height];
    }
  } else if (handle.index % 2 === 0) {
    width = Math.max(LEAST, 2 * Math.abs(x));
    height = even ? (height * width) / shape.width : height;
  } else {
    height = Math.max(LEAST, 2 * Math.abs(y));
    width = even ? (width * height) / shape.height : width;
  }
  return { ...shape, width, height };
}

/** Gives what a hand draws from one place to another. */
export function drawn(name: Exclude<ShapeName, 'polygon'>, from: Point, to: Point): Shape {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  switch (name) {
    case 'point':
      return { shape: 'point', x: to.x, y: to.y };
    case 'circle':
      return { shape: 'circle', x: from.x, y: from.y, radius: Math.max(LEAST, Math.hypot(dx, dy)) };
    case 'line':
      return {
        shape: 'line',
        points: [
          [from.x, from.y],
          [to.x, to.y]
        ]
      };
    default:
      return {
        shape: name,
        x: (from.x + to.x) / 2,
        y: (from.y + to.y) / 2,
        width: Math.max(LEAST, Math.abs(dx)),
        height: Math.max(LEAST, Math.abs(dy)),
        angle: 0
      };
  }
}

/** Gives the path of a shape for SVG, in array pixels. */
export function pathOf(shape: Shape): string {
  switch (shape.shape) {
    case 'point':
      return ''; // as large on any screen: drawn by the overlay
    case 'circle':
      return round(shape.x, shape.y, shape.radius, shape.radius, 0);
    case 'ellipse':
      return round(shape.x, shape.y, shape.width / 2, shape.height / 2, shape.angle);
    default: {
      const path = corners(shape).map(([x, y], i) => `${i ? 'L' : 'M'}${x} ${y}`);
      return path.join('') + (shape.shape === 'line' ? '' : 'Z');
    }
  }
}

function round(x: number, y: number, a: number, b: number, angle: number): string {
  const [c, s] = turn(angle);
  const [dx, dy] = [a * c, a * s];
  const arc = `A${a} ${b} ${angle} 0 1`;
  return `M${x + dx} ${y + dy}${arc} ${x - dx} ${y - dy}${arc} ${x + dx} ${y + dy}Z`;
}

function turn(degrees: number): [number, number] {
  const angle = (degrees * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle)];
}

/** From the axes of a shape to the image. */
function outwards(shape: Turned, x: number, y: number): Point {
  const [c, s] = turn(shape.angle);
  return { x: shape.x + x * c - y * s, y: shape.y + x * s + y * c };
}

/** From the image to the axes of a shape. */
function inwards(shape: Turned, at: Point): Point {
  const [c, s] = turn(shape.angle);
  const [dx, dy] = [at.x - shape.x, at.y - shape.y];
  return { x: dx * c + dy * s, y: -dx * s + dy * c };
}

function toSegment(at: Point, [ax, ay]: Corner, [bx, by]: Corner): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const part = length ? ((at.x - ax) * dx + (at.y - ay) * dy) / length : 0;
  const near = Math.min(1, Math.max(0, part));
  return Math.hypot(at.x - ax - near * dx, at.y - ay - near * dy);
}
