/** Points through WebGL2, where the machine has a graphics card that is worth it. */
import { programOf } from '../../common/gl';
import type { Values } from '../cloud';
import type { Frame } from './frame';
import type { Painting } from './painter';

const FAR = 1e30;
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|microsoft basic/i;

const VERTEX = `#version 300 es
in vec2 place;
in uint code;
in uint sized;
uniform vec2 scale;
uniform vec2 offset;
uniform float layer;
uniform highp sampler2D colours;
uniform vec2 sizes;
flat out vec4 colour;
void main() {
  colour = texelFetch(colours, ivec2(int(code), 0), 0);
  bool below = code >= 254u;
  bool shown = colour.a > 0.0 && below == (layer < 0.5);
  gl_Position = shown ? vec4(place * scale + offset, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = mix(sizes.x, sizes.y, min(1.0, float(sized) / 252.0));
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
flat in vec4 colour;
out vec4 pixel;
void main() {
  vec2 at = 2.0 * gl_PointCoord - 1.0;
  if (dot(at, at) > 1.0) discard;
  pixel = vec4(colour.rgb * colour.a, colour.a);
}`;

let known: boolean | null = null;

/** Tells whether there is a graphics card, null while nobody looked: software draws a density sooner. */
export function knownCard(): boolean | null {
  return known;
}

/** Looks for a graphics card, once a page: a quarter of a second where there is none. */
export function findCard(): boolean {
  return (known ??= looked());
}

function looked(): boolean {
  const gl = document.createElement('canvas').getContext('webgl2');
  if (!gl) {
    return false;
  }
  const facts = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(facts ? facts.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return !SOFTWARE.test(name);
}

/** Draws points on a canvas of its own; `null` where there is no WebGL2. */
export class GlPoints {
  readonly canvas: HTMLCanvasElement;
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #buffers: Record<'place' | 'code' | 'sized', WebGLBuffer>;
  #shown: Partial<Painting> = {};
  #origin: readonly [number, number] = [0, 0];
  #lost = false;

  static make(): GlPoints | null {
    const canvas = document.createElement('canvas');
    const gl = canvas.getContext('webgl2', { antialias: false, preserveDrawingBuffer: true });
    const program = gl && programOf(gl, VERTEX, FRAGMENT);
    return gl && program ? new GlPoints(canvas, gl, program) : null;
  }

  private constructor(
    canvas: HTMLCanvasElement,
    gl: WebGL2RenderingContext,
    program: WebGLProgram
  ) {
    this.canvas = canvas;
    this.#gl = gl;
    this.#program = program;
    const buffer = () => gl.createBuffer()!;
    this.#buffers = { place: buffer(), code: buffer(), sized: buffer() };
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    canvas.addEventListener('webglcontextlost', () => (this.#lost = true));
  }

  /** Whether it still can: a card may take its context back at any time. */
  get usable(): boolean {
    return !this.#lost;
  }

  /** @param radii - Half widths of the smallest and the largest point, in pixels of the picture. */
  draw(
    painting: Painting,
    frame: Frame,
    size: { readonly width: number; readonly height: number },
    radii: readonly [number, number]
  ): void {
    const gl = this.#gl;
    this.#upload(painting, frame);
    Object.assign(this.canvas, { width: size.width, height: size.height });
    gl.viewport(0, 0, size.width, size.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(this.#program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    const at = (name: string) => gl.getUniformLocation(this.#program, name);
    const side = ([low, high]: Frame['x'], origin: number) =>
      [2 / (high - low), (2 * (origin - low)) / (high - low) - 1] as const;
    const [across, up] = [side(frame.x, this.#origin[0]), side(frame.y, this.#origin[1])];
    gl.uniform2f(at('scale'), across[0], up[0]);
    gl.uniform2f(at('offset'), across[1], up[1]);
    gl.uniform2f(at('sizes'), 2 * radii[0], 2 * radii[1]);
    gl.uniform1i(at('colours'), 0);
    for (const layer of [0, 1]) {
      gl.uniform1f(at('layer'), layer);
      gl.drawArrays(gl.POINTS, 0, painting.x.length);
    }
  }

  /** Sends what is new. Places are counted from the middle, or float32 would round them. */
  #upload({ x, y, ink, sizes }: Painting, frame: Frame): void {
    const gl = this.#gl;
    if (this.#shown.x !== x || this.#shown.y !== y) {
      this.#origin = [(frame.x[0] + frame.x[1]) / 2, (frame.y[0] + frame.y[1]) / 2];
      this.#send('place', places(x, y, this.#origin), 2, gl.FLOAT);
    }
    if (this.#shown.ink !== ink) {
      this.#send('code', ink.codes ?? new Uint8Array(x.length), 1, gl.UNSIGNED_BYTE);
      const bytes = new Uint8Array(ink.table.buffer, ink.table.byteOffset, 4 * 256);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    }
    if (this.#shown.sizes !== sizes || this.#shown.x !== x) {
      this.#send('sized', sizes ?? new Uint8Array(x.length), 1, gl.UNSIGNED_BYTE);
    }
    this.#shown = { x, y, ink, sizes };
  }

  #send(
    name: 'place' | 'code' | 'sized',
    data: ArrayBufferView,
    count: number,
    type: number
  ): void {
    const gl = this.#gl;
    const location = gl.getAttribLocation(this.#program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(location);
    if (type === gl.FLOAT) {
      gl.vertexAttribPointer(location, count, type, false, 0, 0);
    } else {
      gl.vertexAttribIPointer(location, count, type, 0, 0);
    }
  }
}

function places(x: Values, y: Values, [left, bottom]: readonly [number, number]): Float32Array {
  const found = new Float32Array(2 * x.length);
  for (let i = 0; i < x.length; i++) {
    const [px, py] = [x[i] - left, y[i] - bottom];
    // What is not finite lies where nobody looks: a card may do anything with NaN.
    found[2 * i] = Number.isFinite(px) ? px : FAR;
    found[2 * i + 1] = Number.isFinite(py) ? py : FAR;
  }
  return found;
}
