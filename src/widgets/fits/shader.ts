/** The program that turns values into colours. */
import { NO_VALUE, type Rgb } from '../../core/colormap';
import { STRETCH_GLSL } from '../../core/stretch';

/** Places a quad by its edges in device pixels; needs no attributes. */
export const VERTEX = `#version 300 es
uniform vec4 box;
uniform vec2 screen;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(mix(box.xy, box.zw, corner) / screen * 2.0 - 1.0, 0.0, 1.0);
}`;

const vec3 = (rgb: Rgb) => `vec3(${rgb.map(c => (c / 255).toFixed(4)).join(', ')})`;

// Values are fetched texel by texel: a filtered read of a 32-bit float texture gives 0, and no error,
// where linear filtering of floats is not offered. NaN is told by its bits because a driver may
// compile a comparison of a value with itself away.
export const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
uniform sampler2D values;
uniform sampler2D colours;
uniform sampler2D curve;
uniform vec2 origin;
uniform float texels;
uniform float low;
uniform float range;
uniform int stretch;
uniform float contrast;
uniform float bias;
uniform bool reversed;
uniform float hatch;
out vec4 colour;
${STRETCH_GLSL}
void main() {
  ivec2 last = textureSize(values, 0) - 1;
  ivec2 at = clamp(ivec2(floor(origin + gl_FragCoord.xy * texels)), ivec2(0), last);
  float value = texelFetch(values, at, 0).r;
  uint bits = floatBitsToUint(value);
  bool special = (bits & 0x7f800000u) == 0x7f800000u;
  if (special && (bits & 0x007fffffu) != 0u) {
    float stripe = mod(floor(gl_FragCoord.x) + floor(gl_FragCoord.y), 8.0 * hatch);
    colour = vec4(stripe < 3.0 * hatch ? ${vec3(NO_VALUE[1])} : ${vec3(NO_VALUE[0])}, 1.0);
    return;
  }
  float t = special ? float(value > 0.0) : (value - low) / range;
  float shown = clamp((stretched(stretch, t) - bias) * contrast + 0.5, 0.0, 1.0);
  int entry = int((reversed ? 1.0 - shown : shown) * 255.0 + 0.5);
  colour = vec4(texelFetch(colours, ivec2(entry, 0), 0).rgb, 1.0);
}`;

export const UNIFORMS = [
  'box',
  'screen',
  'values',
  'colours',
  'curve',
  'origin',
  'texels',
  'low',
  'range',
  'stretch',
  'contrast',
  'bias',
  'reversed',
  'hatch'
] as const;

export type Uniforms = Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>;

/** Gives the compiled program and where its uniforms are. */
export function compile(gl: WebGL2RenderingContext): { program: WebGLProgram; at: Uniforms } {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT]
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) {
      break; // the context is lost; linking fails below and restoring begins anew
    }
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`The graphics driver refused the viewer's shader: ${whyNot(gl, program)}`);
  }
  const at = Object.fromEntries(UNIFORMS.map(name => [name, gl.getUniformLocation(program, name)]));
  return { program, at: at as Uniforms };
}

function whyNot(gl: WebGL2RenderingContext, program: WebGLProgram): string {
  const logs = (gl.getAttachedShaders(program) ?? []).map(shader => gl.getShaderInfoLog(shader));
  return (
    [gl.getProgramInfoLog(program), ...logs].filter(Boolean).join(' ') || 'no reason was given'
  );
}
