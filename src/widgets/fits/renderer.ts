/** Paints images of 32-bit floats by WebGL2: limits, stretch and colours are applied on the way. */
import { table } from '../../core/colormap';
import type { Box, Size } from '../../core/geometry';
import type { Colormap, View } from '../../core/protocol';
import { STRETCHES, type Shade } from '../../core/stretch';
import type { WireArray } from '../../core/wire';
import { compile, type Uniforms } from './shader';

/** An array on the graphics card; void once the context was lost. */
export interface Painting {
  readonly texture: WebGLTexture;
  readonly bytes: number;
}

/** A painting and the part of the image that it covers; `step` array pixels make one of its own. */
export interface Layer {
  readonly painting: Painting;
  readonly box: Box;
  readonly step: number;
}

/** A plane as it is painted, between the values of its first and its last colour. */
export interface Band {
  /** Painted in order. */
  readonly layers: readonly Layer[];
  readonly low: number;
  readonly high: number;
}

/** All that one picture depends on. */
export interface Frame {
  /** One is painted in the colours of the map, three as red, green and blue. */
  readonly bands: readonly Band[];
  readonly view: View;
  /** In CSS pixels. */
  readonly screen: Size;
  readonly shade: Shade;
  readonly colormap: Colormap;
}

const LARGEST = 3.4e38;
/** A curve that changes nothing. */
const STRAIGHT = Float32Array.of(0, 1);

export class Renderer {
  readonly #gl: WebGL2RenderingContext;
  readonly #canvas: HTMLCanvasElement;
  #program!: WebGLProgram;
  #at!: Uniforms;
  #colours!: WebGLTexture;
  #colormap: Colormap | null = null;
  #curveTexture!: WebGLTexture;
  #curve: Float32Array | null = null;

  /** Gives a renderer on a canvas, or null where the browser has no WebGL2. */
  static on(canvas: HTMLCanvasElement): Renderer | null {
    const gl = canvas.getContext('webgl2', {
      alpha: true,
      antialias: false,
      depth: false,
      // The picture is repainted only when it changes, and must be readable in between.
      preserveDrawingBuffer: true
    });
    return gl ? new Renderer(canvas, gl) : null;
  }

  private constructor(canvas: HTMLCanvasElement, gl: WebGL2RenderingContext) {
    this.#canvas = canvas;
    this.#gl = gl;
    this.restore();
  }

  get lost(): boolean {
    return this.#gl.isContextLost();
  }

  /** Makes anew what a lost context took along; paintings have to be uploaded again. */
  restore(): void {
    const gl = this.#gl;
    const { program, at } = compile(gl);
    this.#program = program;
    this.#at = at;
    this.#colours = this.#texture();
    this.#colormap = null;
    this.#curveTexture = this.#texture();
    this.#curve = null;
  }

  /** Puts the first band of an array on the graphics card. */
  upload({ data, shape }: WireArray): Painting {
    const gl = this.#gl;
    const [, rows, columns] = shape;
    const texture = this.#texture();
    const values = data instanceof Float32Array ? data : Float32Array.from(data);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R32F, columns, rows);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, columns, rows, gl.RED, gl.FLOAT, values);
    return { texture, bytes: 4 * rows * columns };
  }

  free(painting: Painting): void {
    this.#gl.deleteTexture(painting.texture);
  }

  /** Paints a frame, or nothing at all for null. */
  draw(frame: Frame | null): void {
    const gl = this.#gl;
    const { width, height } = this.#canvas;
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!frame) {
      return;
    }
    const at = this.#at;
    const density = width / frame.screen.width;
    gl.useProgram(this.#program);
    const composite = frame.bands.length > 1;
    this.#useColours(composite ? 'grey' : frame.colormap);
    const { shade } = frame;
    this.#useCurve((shade.stretch === 'histogram' && shade.curve) || STRAIGHT);
    gl.uniform2f(at.screen, width, height);
    gl.uniform1i(at.values, 0);
    gl.uniform1i(at.colours, 1);
    gl.uniform1i(at.curve, 2);
    gl.uniform1i(at.stretch, STRETCHES.indexOf(shade.stretch));
    gl.uniform1f(at.contrast, shade.contrast);
    gl.uniform1f(at.bias, shade.bias);
    gl.uniform1i(at.reversed, Number(shade.reverse));
    gl.uniform1f(at.hatch, Math.max(1, Math.round(density)));
    gl.activeTexture(gl.TEXTURE0);
    frame.bands.forEach((band, number) => {
      const low = Math.max(-LARGEST, Math.min(LARGEST, band.low));
      gl.uniform1f(at.low, low);
      gl.uniform1f(at.range, Math.min(LARGEST, band.high - low));
      const paints = (channel: number) => !composite || channel === number;
      gl.colorMask(paints(0), paints(1), paints(2), true);
      for (const layer of band.layers) {
        this.#drawLayer(layer, frame.view, density);
      }
    });
    gl.colorMask(true, true, true, true);
  }

  /** Gives the graphics memory back. */
  dispose(): void {
    // Browsers keep some sixteen contexts a page, and take the oldest away from who still uses it.
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  // All positions are subtracted in double precision here; the shader sees only small numbers.
  #drawLayer({ painting, box, step }: Layer, view: View, density: number): void {
    const gl = this.#gl;
    const { width, height } = this.#canvas;
    const scale = view.zoom * density;
    const left = width / 2 + (box.left - view.x) * scale;
    const bottom = height / 2 + (box.bottom - view.y) * scale;
    const right = width / 2 + (box.right - view.x) * scale;
    const top = height / 2 + (box.top - view.y) * scale;
    if (right <= 0 || top <= 0 || left >= width || bottom >= height) {
      return;
    }
    const near = (edge: number, end: number) => Math.max(-8, Math.min(end + 8, edge));
    gl.uniform4f(
      this.#at.box,
      near(left, width),
      near(bottom, height),
      near(right, width),
      near(top, height)
    );
    const texels = 1 / (scale * step);
    gl.uniform2f(this.#at.origin, -left * texels, -bottom * texels);
    gl.uniform1f(this.#at.texels, texels);
    gl.bindTexture(gl.TEXTURE_2D, painting.texture);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  #useColours(colormap: Colormap): void {
    const gl = this.#gl;
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.#colours);
    if (this.#colormap !== colormap) {
      const rgb = table(colormap);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB8, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, rgb);
      this.#colormap = colormap;
    }
  }

  #useCurve(curve: Float32Array): void {
    const gl = this.#gl;
    gl.activeTexture(gl.TEXTURE2);
    gl.bindTexture(gl.TEXTURE_2D, this.#curveTexture);
    if (this.#curve !== curve) {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, curve.length, 1, 0, gl.RED, gl.FLOAT, curve);
      this.#curve = curve;
    }
  }

  #texture(): WebGLTexture {
    const gl = this.#gl;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    return texture;
  }
}
