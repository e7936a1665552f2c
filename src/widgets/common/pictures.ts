/** Small pictures of events on canvases: ink in the colour of the text, in whichever theme, or colours as they are. */
import { decode } from '../../core/wire';

/** Opacities of ink, one byte a pixel, or red, green and blue, three bytes a pixel. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** What the kernel says of thumbnails in one buffer. */
export interface PicturesMeta {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly rows: readonly number[];
  readonly width: number;
  readonly height: number;
}

/** Gives the pictures of an answer by the numbers of their events. */
export function picturesOf(
  meta: PicturesMeta,
  buffer: DataView<ArrayBuffer>
): Map<number, Picture> {
  const { data, shape } = decode(meta, buffer);
  const each = shape[1] * shape[2];
  const { width, height } = meta;
  return new Map(
    meta.rows.map((row, i) => {
      // A copy, so that one picture that is kept does not keep all.
      const own = (data as Uint8Array).slice(i * each, (i + 1) * each);
      return [row, { width, height, data: own }];
    })
  );
}

/** @param themed - Whose text has the colour of the ink. */
export function paintPicture(
  canvas: HTMLCanvasElement,
  { width, height, data }: Picture,
  themed: Element
): void {
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d');
  const image = context?.createImageData(width, height);
  if (!context || !image) {
    return;
  }
  // One number a pixel, as it lies in memory: 0xAABBGGRR.
  const pixels = new Uint32Array(image.data.buffer);
  const colours = data.length === 3 * pixels.length;
  const ink = colours ? 0 : inkOf(themed);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = colours
      ? 0xff000000 | (data[3 * i + 2] << 16) | (data[3 * i + 1] << 8) | data[3 * i]
      : (data[i] << 24) | ink;
  }
  context.putImageData(image, 0, 0);
}

/** Blue, green and red of an element's text, as one number. */
function inkOf(element: Element): number {
  const found = getComputedStyle(element).color.match(/[\d.]+/g);
  const [red, green, blue] = found ? found.slice(0, 3).map(Number) : [97, 97, 97];
  return (blue << 16) | (green << 8) | red;
}
