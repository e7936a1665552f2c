/** An image, each of its pixels a square; row 0 is on top. */
import type { EventMeta } from '../../core/label';
import { table } from '../../core/colormap';
import type { Colormap, Formula } from '../../core/protocol';
import { stretched } from '../../core/stretch';
import type { WireArray } from '../../core/wire';
import { valueText } from '../common/scale';
import type { Frame, Picture, Place, Theme } from './drawing';

const LARGEST = 64;
/** What stands for pixels without a value. */
const MISSING = [100, 112, 180] as const;

export interface Look {
  readonly stretch: Formula;
  readonly colormap: Colormap;
}

export class ImagePicture implements Picture {
  readonly #meta: EventMeta;
  readonly #array: WireArray;
  #pixels: HTMLCanvasElement;
  /** Times larger than what fits, and the place of the middle, in pixels of the image. */
  #zoom = 1;
  #middle: Place;
  #size: readonly [number, number] = [1, 1];

  constructor(meta: EventMeta, array: WireArray, look: Look) {
    this.#meta = meta;
    this.#array = array;
    this.#pixels = this.#painted(look);
    this.#middle = { x: meta.width! / 2, y: meta.height! / 2 };
  }

  look(look: Look): void {
    this.#pixels = this.#painted(look);
  }

  home(): void {
    this.#zoom = 1;
    this.#middle = { x: this.#meta.width! / 2, y: this.#meta.height! / 2 };
  }

  zoom(at: Place, factor: number): void {
    const before = this.#zoom;
    const largest = LARGEST / Math.min(this.#fit, LARGEST);
    this.#zoom = Math.min(Math.max(1, largest), Math.max(1, this.#zoom * factor));
    const part = before / this.#zoom;
    this.#middle = {
      x: at.x + (this.#middle.x - at.x) * part,
      y: at.y + (this.#middle.y - at.y) * part
    };
    this.#stay();
  }

  pan(dx: number, dy: number): void {
    const scale = this.#fit * this.#zoom;
    this.#middle = { x: this.#middle.x - dx / scale, y: this.#middle.y - dy / scale };
    this.#stay();
  }

  frame(width: number, height: number): Frame {
    this.#size = [width, height];
    const scale = this.#fit * this.#zoom;
    const left = width / 2 - this.#middle.x * scale;
    const top = height / 2 - this.#middle.y * scale;
    return {
      left: Math.max(0, left),
      top: Math.max(0, top),
      right: Math.min(width, left + this.#meta.width! * scale),
      bottom: Math.min(height, top + this.#meta.height! * scale),
      toCanvas: ({ x, y }) => ({ x: left + x * scale, y: top + y * scale }),
      toData: ({ x, y }) => ({ x: (x - left) / scale, y: (y - top) / scale })
    };
  }

  readout({ x, y }: Place): string {
    const { width, height, step } = this.#meta;
    const [column, row] = [Math.floor(x), Math.floor(y)];
    if (column < 0 || row < 0 || column >= width! || row >= height!) {
      return '';
    }
    const [bands, rows, columns] = this.#array.shape;
    const at = Math.floor(row / step!) * columns + Math.floor(column / step!);
    const values = Array.from({ length: bands }, (_, band) =>
      valueText(this.#array.data[band * rows * columns + at])
    );
    return `(${column}, ${row}): ${values.join(', ')}`;
  }

  paint(context: CanvasRenderingContext2D, width: number, height: number, _theme: Theme): void {
    const frame = this.frame(width, height);
    const corner = frame.toCanvas({ x: 0, y: 0 });
    const [, rows, columns] = this.#array.shape;
    const end = frame.toCanvas({ x: columns * this.#meta.step!, y: rows * this.#meta.step! });
    context.imageSmoothingEnabled = this.#fit * this.#zoom < 1;
    context.drawImage(this.#pixels, corner.x, corner.y, end.x - corner.x, end.y - corner.y);
  }

  get #fit(): number {
    return Math.min(this.#size[0] / this.#meta.width!, this.#size[1] / this.#meta.height!) || 1;
  }

  #stay(): void {
    const { width, height } = this.#meta;
    const scale = this.#fit * this.#zoom;
    const kept = (middle: number, whole: number, place: number) => {
      const half = Math.min(whole / 2, place / scale / 2);
      return Math.min(whole - half, Math.max(half, middle));
    };
    this.#middle = {
      x: kept(this.#middle.x, width!, this.#size[0]),
      y: kept(this.#middle.y, height!, this.#size[1])
    };
  }

  #painted({ stretch, colormap }: Look): HTMLCanvasElement {
    const [bands, rows, columns] = this.#array.shape;
    const { data } = this.#array;
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [Math.max(1, columns), Math.max(1, rows)];
    const made = new Uint8ClampedArray(4 * canvas.width * canvas.height);
    const colours = table(colormap);
    const count = rows * columns;
    const level = (value: number, [low, high]: readonly [number, number]) =>
      Math.round(255 * stretched(stretch, (value - low) / (high - low)));
    const limits = this.#meta.limits!;
    for (let i = 0; i < count; i++) {
      const at = 4 * i;
      made[at + 3] = 255;
      if (Number.isNaN(data[i])) {
        made.set(MISSING, at);
      } else if (bands === 1) {
        const colour = 3 * level(data[i], limits[0]);
        made.set(colours.subarray(colour, colour + 3), at);
      } else {
        for (let band = 0; band < 3; band++) {
          made[at + band] = level(data[band * count + i], limits[band]);
        }
      }
    }
    canvas.getContext('2d')?.putImageData(new ImageData(made, canvas.width), 0, 0);
    return canvas;
  }
}
