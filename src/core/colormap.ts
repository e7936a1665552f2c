/** Colours of a brightness, 0 to 1, as tables of 256 entries. */
import type { Colormap } from './protocol';

export const COLORMAPS: readonly Colormap[] = [
  'grey',
  'viridis',
  'inferno',
  'magma',
  'heat',
  'cubehelix',
  'cool',
  'rainbow'
];

export type Rgb = readonly [number, number, number];

/**
 * The two colours of the hatch that stands for pixels without a value, 0 to 255. A slate
 * blue that lies far from every entry of every table here, and is legible in light and dark themes.
 */
export const NO_VALUE: readonly [Rgb, Rgb] = [
  [100, 112, 180],
  [122, 134, 200]
];

// Every fifth entry of the tables that Matplotlib publishes under CC0, as hexadecimal RGB; straight
// lines between them stay within one part in 255 of the originals.
const STOPS = {
  viridis:
    '44015446085c471063481769481d6f482475472a7a46307e453781433d844142873f48893d4e8a3a538b38598c' +
    '355e8d33638d31688e2e6d8e2c718e2a768e297b8e27808e25848e23898e218e8d20928c1f978b1e9c891fa188' +
    '21a58524aa8328ae802eb37c35b7793dbc7446c06f50c46a5ac86465cb5e70cf577cd25089d54895d840a2da37' +
    'b0dd2fbddf26cae11fd8e219e5e419f1e51dfde725',
  inferno:
    '00000402020c0504170a072210092d160b391e0c45260c512f0a5b380962400a67490b6a510e6c59106e61136e' +
    '69166e71196e781c6d801f6c88226a902568982766a02a63a82e5fb0315bb73557bf3952c63d4dcc4248d34743' +
    'd94d3ddf5337e45a31e9612bed6925f1711ff47918f78212f98b0bfa9407fb9d07fca60cfcb014fbba1ffac42a' +
    'f8cd37f6d746f4e156f2ea69f2f27df5f992fcffa4',
  magma:
    '00000402020b0504160907200e0b2b140e361a104221114e29115a311165390f6e420f754a107952137c5a167e' +
    '6219806a1c81721f81792282812581892881912b81992d80a1307eaa337db2357bba3878c23b75ca3e72d2426f' +
    'd9466be04c67e75263ec5860f1605df4695cf7725cf97b5dfb8560fc8e64fd9869fea16efeaa74feb47bfebd82' +
    'fec68afecf92fed89afde2a3fdebacfcf4b6fcfdbf'
};

const FORMULAS: Record<Colormap, (t: number) => Rgb> = {
  grey: t => [t, t, t],
  viridis: t => between(STOPS.viridis, t),
  inferno: t => between(STOPS.inferno, t),
  magma: t => between(STOPS.magma, t),
  // The ramps of SAOImage's "heat".
  heat: t => [t / 0.34, t, t < 0.98 ? (t - 0.65) / 0.33 : 1],
  cubehelix,
  // Those of SAOImage, too: places and heights of the corners of each channel.
  cool: t => [
    ramp(t, [0, 0.29, 0.76, 1], [0, 0, 0.1, 1]),
    ramp(t, [0, 0.22, 0.96, 1], [0, 0, 1, 1]),
    ramp(t, [0, 0.53, 1], [0, 1, 1])
  ],
  rainbow: t => [
    ramp(t, [0, 0.2, 0.6, 0.8, 1], [1, 0, 0, 1, 1]),
    ramp(t, [0, 0.2, 0.4, 0.8, 1], [0, 0, 1, 1, 0]),
    ramp(t, [0, 0.4, 0.6, 1], [1, 1, 0, 0])
  ]
};

const made = new Map<Colormap, Uint8Array<ArrayBuffer>>();

/** Gives the table of a colour map: 256 entries of red, green, blue, 0 to 255 (768 bytes). */
export function table(name: Colormap): Uint8Array<ArrayBuffer> {
  let bytes = made.get(name);
  if (!bytes) {
    bytes = new Uint8Array(768);
    for (let i = 0; i < 256; i++) {
      bytes.set(
        FORMULAS[name](i / 255).map(c => Math.round(255 * Math.min(1, Math.max(0, c)))),
        3 * i
      );
    }
    made.set(name, bytes);
  }
  return bytes;
}

/** Gives the colour of a brightness, 0 to 255 a channel. */
export function colour(name: Colormap, brightness: number): Rgb {
  const i = 3 * Math.round(255 * Math.min(1, Math.max(0, brightness)));
  const [red, green, blue] = table(name).subarray(i, i + 3);
  return [red, green, blue];
}

function ramp(t: number, places: readonly number[], heights: readonly number[]): number {
  const next = places.findIndex((place, i) => i > 0 && place >= t);
  const i = next < 0 ? places.length - 2 : next - 1;
  const part = (t - places[i]) / (places[i + 1] - places[i]);
  return heights[i] + (heights[i + 1] - heights[i]) * part;
}

function between(stops: string, t: number): Rgb {
  const last = stops.length / 6 - 1;
  const i = Math.min(last - 1, Math.floor(t * last));
  const part = t * last - i;
  const channel = (stop: number, c: number) =>
    parseInt(stops.slice(6 * stop + 2 * c, 6 * stop + 2 * c + 2), 16) / 255;
  const mix = (c: number) => channel(i, c) * (1 - part) + channel(i + 1, c) * part;
  return [mix(0), mix(1), mix(2)];
}

// D. A. Green, "A colour scheme for the display of astronomical intensity images", Bull. Astr. Soc.
// India 39, 289 (2011), with start 0.5, -1.5 rotations, hue 1 and gamma 1.
function cubehelix(t: number): Rgb {
  const angle = 2 * Math.PI * (0.5 / 3 + 1 - 1.5 * t);
  const amplitude = (t * (1 - t)) / 2;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [
    t + amplitude * (-0.14861 * cos + 1.78277 * sin),
    t + amplitude * (-0.29227 * cos - 0.90649 * sin),
    t + amplitude * 1.97294 * cos
  ];
}
