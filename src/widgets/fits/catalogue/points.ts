/** Draws the rows of catalogues over the picture by WebGL2, each as a marker. */
import { MARKERS } from '../../../core/catalogue';
import type { Size } from '../../../core/geometry';
import type { View } from '../../../core/protocol';
import { Later, make } from '../../common/dom';
import { programOf } from '../../common/gl';
import { alike, moved, Pace, type Drawn } from './pace';
import { coloursOf, HIDDEN, SELECTED, type Layer } from './layer';

// The place is counted from the middle of the picture before it is scaled: near it, where markers are seen,
// the difference of two float32 is exact, and what is left is the rounding of the place itself.
const VERTEX = `#version 300 es
in vec2 place;
in uint code;
in uint sized;
in uint flags;
uniform vec2 centre;
uniform vec2 rest;
uniform vec2 scale;
uniform vec2 halves;
uniform float room;
uniform bool chosen;
uniform highp sampler2D colours;
flat out vec4 colour;
flat out float half_width;
void main() {
  bool shown = (flags & ${HIDDEN}u) == 0u && (!chosen || (flags & ${SELECTED}u) != 0u);
  vec2 at = (place - centre - rest) * scale;
  gl_Position = shown ? vec4(at, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  half_width = mix(halves.x, halves.y, min(1.0, float(sized) / 252.0));
  gl_PointSize = 2.0 * (half_width + room);
  colour = texelFetch(colours, ivec2(int(code), 0), 0);
}`;

// A dark rim makes a light marker legible on any sky.
const FRAGMENT = `#version 300 es
precision highp float;
flat in vec4 colour;
flat in float half_width;
uniform int marker;
uniform float room;
uniform float density;
uniform float faint;
uniform bool chosen;
out vec4 pixel;
float outside(vec2 p, float line) {
  float r = half_width - line;
  if (half_width < 2.5 * density || marker == 1) return length(p) - half_width;
  if (marker == 0) return abs(length(p) - r) - line;
  vec2 a = abs(p);
  if (marker == 2) return abs(max(a.x, a.y) - r) - line;
  if (marker == 3) return abs((a.x + a.y - r) * 0.7071) - line;
  if (marker == 4) a = abs(vec2(p.x + p.y, p.x - p.y)) * 0.7071;
  return max(min(a.x, a.y) - line, max(a.x, a.y) - half_width);
}
void main() {
  vec2 p = (2.0 * gl_PointCoord - 1.0) * (half_width + room);
  bool small = half_width < 2.5 * density;
  if (chosen) {
    // A ring about a marker; a dot is covered by a larger one.
    float away = small ? length(p) - half_width - 0.6 * density
      : abs(length(p) - half_width - 2.0 * density) - 1.1 * density;
    float light = clamp(0.5 - away, 0.0, 1.0);
    float rim = small ? 0.0 : clamp(0.5 - (away - density), 0.0, 1.0) * 0.75;
    pixel = vec4(vec3(1.0, 0.95, 0.25) * light, max(light, rim));
    return;
  }
  float away = outside(p, 0.8 * density);
  float ink = clamp(0.5 - away, 0.0, 1.0);
  float rim = small ? 0.0 : clamp(0.5 - (away - density), 0.0, 1.0) * 0.45;
  float alpha = max(ink, rim) * colour.a * faint;
  if (alpha < 0.004) discard;
  pixel = vec4(colour.rgb * ink * colour.a * faint, alpha);
}`;

const FAR = 1e30;
/** Milliseconds without movement after which a slow picture is drawn anew. */
const REST = 120;
/** Half widths in CSS pixels: of points without a size of their own, and of those sized by a column. */
const [LEAST, MOST] = [1.1, 5];
const SIZED: readonly [number, number] = [2, 11];
const UNIFORMS = [
  ...['centre', 'rest', 'scale', 'halves', 'room', 'chosen', 'colours', 'marker'],
  ...['density', 'faint']
] as const;

interface Uploaded {
  readonly buffers: Record<'place' | 'code' | 'sized' | 'flags', WebGLBuffer>;
  readonly colours: WebGLTexture;
  shown: Partial<Layer>;
}

/** Gives the half width in CSS pixels of markers: the more are seen, the smaller. */
export function halfWidth(rows: number, view: View, image: Size): number {
  // As if the rows lay evenly: what does not flicker while one moves.
  const apart = view.zoom * Math.sqrt((image.width * image.height) / Math.max(1, rows));
  return Math.min(MOST, Math.max(LEAST, 0.3 * apart));
}

/**
 * Gives what a place is counted from, as float32 and what that leaves out: `place - centre - rest`, each step
 * in float32, lies within 2 ** -24 of a place's own size from the truth.
 */
export function split(value: number): [number, number] {
  const first = Math.fround(value);
  return [first, Math.fround(value - first)];
}

export class Points {
  readonly canvas = make('canvas', { class: 'astrodata-catalogue-points', 'aria-hidden': 'true' });
  #gl: WebGL2RenderingContext | null = null;
  #program: WebGLProgram | null = null;
  #at: Record<string, WebGLUniformLocation | null> = {};
  readonly #uploaded = new Map<number, Uploaded>();
  readonly #restored: () => void;
  readonly #rest = new Later(REST);
  readonly #pace = new Pace();
  #drawn: Drawn | null = null;

  /** @param restored - Draw again: the view rests, or the browser gave the graphics memory back. */
  constructor(restored: () => void) {
    this.#restored = restored;
    this.canvas.addEventListener('webglcontextlost', event => {
      event.preventDefault(); // or it is never restored
      this.#uploaded.clear();
      this.#program = this.#drawn = null;
    });
    this.canvas.addEventListener('webglcontextrestored', restored);
  }

  /** Draws the rows over a view; what takes longer than a frame is moved as it is while the view moves. */
  draw(layers: readonly Layer[], view: View, image: Size, screen: Size): void {
    if (!layers.length && !this.#gl) {
      return; // a page has some sixteen contexts: none is taken before there is something to draw
    }
    const density = window.devicePixelRatio || 1;
    const wish: Drawn = { layers, view, screen, density };
    const drawn = this.#drawn;
    if (drawn && alike(drawn, wish, true)) {
      return this.#move(drawn.view, view); // tiles of the image come one by one
    }
    if (drawn && this.#pace.slow && alike(drawn, wish, false)) {
      this.#move(drawn.view, view);
      this.#rest.run(() => {
        this.#drawn = null;
        this.#restored();
      });
      return;
    }
    this.#rest.cancel();
    this.#move(view, view);
    this.#drawn = this.#paint(wish, image) ? wish : null;
  }

  #move(from: View, to: View): void {
    this.canvas.style.transform = moved(from, to);
  }

  /** @returns Whether it could. */
  #paint({ layers, view, screen, density }: Drawn, image: Size): boolean {
    const gl = this.#context();
    if (!gl || !this.#program) {
      return false;
    }
    const [width, height] = [screen.width, screen.height].map(side => Math.round(side * density));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
    }
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(this.#program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.uniform1i(this.#at.colours, 0);
    gl.uniform1f(this.#at.density, density);
    gl.uniform2f(
      this.#at.scale,
      (2 * view.zoom * density) / width,
      (2 * view.zoom * density) / height
    );
    this.#forget(layers);
    for (const layer of layers) {
      this.#drawLayer(gl, layer, view, image, density);
    }
    this.#pace.begin(gl);
    return true;
  }

  dispose(): void {
    this.#rest.cancel();
    this.#pace.end();
    this.#gl?.getExtension('WEBGL_lose_context')?.loseContext();
  }

  #drawLayer(
    gl: WebGL2RenderingContext,
    layer: Layer,
    view: View,
    image: Size,
    density: number
  ): void {
    const { facts, origin, sizes } = layer;
    this.#upload(gl, layer);
    const [x, y] = [split(view.x - origin.x), split(view.y - origin.y)];
    const half = facts.size === null ? halfWidth(facts.matching, view, image) : facts.size / 2;
    const halves = sizes ? SIZED : [half, half];
    const at = this.#at;
    gl.uniform2f(at.centre, x[0], y[0]);
    gl.uniform2f(at.rest, x[1], y[1]);
    gl.uniform2f(at.halves, halves[0] * density, halves[1] * density);
    gl.uniform1i(at.marker, MARKERS.indexOf(facts.marker));
    // What is not selected steps back while something is.
    gl.uniform1f(at.faint, facts.selected ? 0.6 : 1);
    // No pixel more than is inked: half a million markers have many.
    const small = !sizes && half < 2.5;
    for (const chosen of facts.selected ? [false, true] : [false]) {
      gl.uniform1i(at.chosen, Number(chosen));
      gl.uniform1f(at.room, (small ? (chosen ? 1.1 : 0.5) : chosen ? 5 : 2) * density);
      gl.drawArrays(gl.POINTS, 0, facts.rows);
    }
  }

  #context(): WebGL2RenderingContext | null {
    this.#gl ??= this.canvas.getContext('webgl2', {
      antialias: false,
      depth: false,
      premultipliedAlpha: true,
      preserveDrawingBuffer: true
    });
    const gl = this.#gl;
    if (gl && !this.#program && !gl.isContextLost()) {
      const program = (this.#program = programOf(gl, VERTEX, FRAGMENT));
      if (program) {
        this.#at = Object.fromEntries(
          UNIFORMS.map(name => [name, gl.getUniformLocation(program, name)])
        );
      }
    }
    return gl;
  }

  #upload(gl: WebGL2RenderingContext, layer: Layer): void {
    const mine = this.#mine(gl, layer.facts.ident);
    const { shown, buffers } = mine;
    const program = this.#program!;
    const send = (name: keyof Uploaded['buffers'], data: () => ArrayBufferView, known: boolean) => {
      const at = gl.getAttribLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);
      if (!known) {
        gl.bufferData(gl.ARRAY_BUFFER, data() as ArrayBufferView<ArrayBuffer>, gl.STATIC_DRAW);
      }
      gl.enableVertexAttribArray(at);
      if (name === 'place') {
        gl.vertexAttribPointer(at, 2, gl.FLOAT, false, 0, 0);
      } else {
        gl.vertexAttribIPointer(at, 1, gl.UNSIGNED_BYTE, 0, 0);
      }
    };
    const none = () => new Uint8Array(layer.facts.rows);
    send('place', () => finite(layer.places), shown.places === layer.places);
    send(
      'code',
      () => layer.colours?.data ?? none(),
      'facts' in shown && shown.colours === layer.colours
    );
    send(
      'sized',
      () => layer.sizes?.data ?? none(),
      'facts' in shown && shown.sizes === layer.sizes
    );
    send('flags', () => layer.flags, shown.flags === layer.flags);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, mine.colours);
    const { facts } = layer;
    const same =
      shown.facts?.color === facts.color &&
      shown.facts.colormap === facts.colormap &&
      shown.colours === layer.colours;
    if (!same) {
      const rgba = coloursOf(facts, layer.colours);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
    }
    mine.shown = layer;
  }

  #mine(gl: WebGL2RenderingContext, ident: number): Uploaded {
    let mine = this.#uploaded.get(ident);
    if (!mine) {
      const buffer = () => gl.createBuffer()!;
      const colours = gl.createTexture();
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, colours);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
      const buffers = { place: buffer(), code: buffer(), sized: buffer(), flags: buffer() };
      mine = { buffers, colours, shown: {} };
      this.#uploaded.set(ident, mine);
    }
    return mine;
  }

  /** Frees what is drawn no more. */
  #forget(layers: readonly Layer[]): void {
    const there = new Set(layers.map(({ facts }) => facts.ident));
    for (const [ident, { buffers, colours }] of this.#uploaded) {
      if (!there.has(ident)) {
        Object.values(buffers).forEach(buffer => this.#gl!.deleteBuffer(buffer));
        this.#gl!.deleteTexture(colours);
        this.#uploaded.delete(ident);
      }
    }
  }
}

/** What has no place lies where nobody looks: a card may do anything with NaN. */
function finite(places: Float32Array): Float32Array {
  return places.map(value => (Number.isFinite(value) ? value : FAR));
}
