/**
 * Mathematics of a view of an image, free of any browser.
 *
 * Image coordinates are 0-based array pixels with pixel centres at integers and row 0 at the bottom, so
 * that an image covers [-0.5, width - 0.5] x [-0.5, height - 0.5]. Screen coordinates are CSS pixels from
 * the canvas's top left corner, y downwards.
 */
import type { View } from './protocol';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A tile of a level; level L has pixels of 2**L array pixels. */
export interface TileIndex {
  readonly level: number;
  readonly x: number;
  readonly y: number;
}

/** Edges in image coordinates. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

/** Largest useful magnification of an ordinary image, CSS pixels per image pixel. */
const CLOSEST = 64;

/** Gives the view that shows a whole image as large as the screen allows. */
export function fitView(image: Size, screen: Size): View {
  return {
    x: (image.width - 1) / 2,
    y: (image.height - 1) / 2,
    zoom: Math.min(screen.width / image.width, screen.height / image.height)
  };
}

/** Gives the smallest and the largest zoom that make sense for an image. */
export function zoomRange(image: Size, screen: Size): [number, number] {
  const fit = fitView(image, screen).zoom;
  return [Math.min(fit, 1) / 4, Math.max(fit, CLOSEST)];
}

/** Gives the nearest view that keeps its centre on the image and its zoom in range. */
export function clampView(view: View, image: Size, screen: Size): View {
  const [least, most] = zoomRange(image, screen);
  return {
    x: clamp(view.x, -0.5, image.width - 0.5),
    y: clamp(view.y, -0.5, image.height - 0.5),
    zoom: clamp(view.zoom, least, most)
  };
}

export function screenToImage(view: View, screen: Size, point: Point): Point {
  return {
    x: view.x + (point.x - screen.width / 2) / view.zoom,
    y: view.y - (point.y - screen.height / 2) / view.zoom
  };
}

export function imageToScreen(view: View, screen: Size, point: Point): Point {
  return {
    x: screen.width / 2 + (point.x - view.x) * view.zoom,
    y: screen.height / 2 - (point.y - view.y) * view.zoom
  };
}

/** Gives the view `factor` times as close that keeps the image under `point` where it is. */
export function zoomAbout(
  view: View,
  image: Size,
  screen: Size,
  point: Point,
  factor: number
): View {
  const [least, most] = zoomRange(image, screen);
  const zoom = clamp(view.zoom * factor, least, most);
  const fixed = screenToImage(view, screen, point);
  return clampView(
    {
      x: fixed.x - (point.x - screen.width / 2) / zoom,
      y: fixed.y + (point.y - screen.height / 2) / zoom,
      zoom
    },
    image,
    screen
  );
}

/** Gives the view after the picture was moved by `dx`, `dy` CSS pixels. */
export function panned(view: View, image: Size, screen: Size, dx: number, dy: number): View {
  const moved = { ...view, x: view.x - dx / view.zoom, y: view.y + dy / view.zoom };
  return clampView(moved, image, screen);
}

/**
 * Gives the view moved by less than a device pixel, so that the image's corner falls between device
 * pixels. At whole zooms every image pixel then covers the same number of them.
 *
 * @param density - Device pixels per CSS pixel.
 */
export function snapped(view: View, screen: Size, density: number): View {
  const scale = view.zoom * density;
  const snap = (centre: number, extent: number) => {
    const half = Math.round(extent * density) / 2;
    return (half - Math.round(half - (centre + 0.5) * scale)) / scale - 0.5;
  };
  return { x: snap(view.x, screen.width), y: snap(view.y, screen.height), zoom: view.zoom };
}

/**
 * Gives the level whose pixels are 1 to 2 device pixels large: 0 when the image is magnified, and never
 * beyond the coarsest one.
 *
 * @param scale - Device pixels per image pixel.
 */
export function levelFor(scale: number, levels: number): number {
  // Without the small allowance a zoom of 1/2 as computed from a fit would flicker between two levels.
  return clamp(Math.ceil(-Math.log2(scale) - 1e-9), 0, levels - 1);
}

/** Gives the part of an image that a screen shows; empty (left >= right) when none is. */
export function visibleBox(view: View, image: Size, screen: Size): Box {
  const across = screen.width / 2 / view.zoom;
  const up = screen.height / 2 / view.zoom;
  return {
    left: Math.max(view.x - across, -0.5),
    right: Math.min(view.x + across, image.width - 0.5),
    bottom: Math.max(view.y - up, -0.5),
    top: Math.min(view.y + up, image.height - 0.5)
  };
}

/** Gives the tiles of a level that a screen shows, nearest to its centre first. */
export function visibleTiles(
  view: View,
  image: Size,
  screen: Size,
  level: number,
  tile: number
): TileIndex[] {
  const box = visibleBox(view, image, screen);
  const span = tile * 2 ** level;
  const tiles: (TileIndex & { away: number })[] = [];
  // Edges in whole pixels from the corner; a tile that the screen only touches is not seen.
  const last = (edge: number) => Math.ceil((edge + 0.5) / span) - 1;
  for (let y = Math.floor((box.bottom + 0.5) / span); y <= last(box.top); y++) {
    for (let x = Math.floor((box.left + 0.5) / span); x <= last(box.right); x++) {
      const away = Math.hypot((x + 0.5) * span - view.x, (y + 0.5) * span - view.y);
      tiles.push({ level, x, y, away });
    }
  }
  tiles.sort((a, b) => a.away - b.away);
  return tiles.map(({ level, x, y }) => ({ level, x, y }));
}

/** Gives the part of an image that a tile covers; smaller at the last row and column. */
export function tileBox({ level, x, y }: TileIndex, image: Size, tile: number): Box {
  const span = tile * 2 ** level;
  return {
    left: x * span - 0.5,
    right: Math.min((x + 1) * span, image.width) - 0.5,
    bottom: y * span - 0.5,
    top: Math.min((y + 1) * span, image.height) - 0.5
  };
}

/** Gives the part of an image that a whole-image array covers. */
export function imageBox(image: Size): Box {
  return { left: -0.5, right: image.width - 0.5, bottom: -0.5, top: image.height - 0.5 };
}

/** Gives the array pixel that a point lies in. */
export function pixelAt(point: Point): Point {
  return { x: Math.floor(point.x + 0.5), y: Math.floor(point.y + 0.5) };
}

export function isInside(point: Point, image: Size): boolean {
  const { x, y } = pixelAt(point);
  return x >= 0 && y >= 0 && x < image.width && y < image.height;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
