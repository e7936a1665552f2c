/**
 * Bytes to typed arrays: the one module of the browser's side that knows byte order, dtypes and
 * buffers. Mirror of `kernel/astrodata_kernel/wire.py`.
 */

/** The closed set of dtypes on the wire, each little-endian. */
export const DTYPES = ['u1', 'i2', 'u2', 'i4', 'u4', 'f4'] as const;

export type Dtype = (typeof DTYPES)[number];

export type WireData =
  | Uint8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>;

/** An array as it came: C order, `shape` is (bands, rows, columns). */
export interface WireArray {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly data: WireData;
}

interface ArrayType {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): WireData;
}

const TYPES: Record<Dtype, ArrayType> = {
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
  f4: Float32Array
};

/**
 * Gives the array that the kernel's `encode` wrote, without a copy where alignment allows.
 *
 * @param meta - What the kernel said about the bytes; `shape` and `dtype` are read.
 * @param buffer - The bytes, as a view that may begin anywhere in a larger buffer.
 * @throws Error - a dtype outside {@link DTYPES}, a shape that is none, or a length that does not fit.
 */
export function decode(
  meta: { readonly shape?: unknown; readonly dtype?: unknown },
  buffer: ArrayBuffer | ArrayBufferView<ArrayBuffer>
): WireArray {
  const { dtype, shape } = meta;
  if (!isDtype(dtype)) {
    throw new Error(
      `unknown dtype ${JSON.stringify(dtype)} on the wire: expected one of ${DTYPES.join(', ')}`
    );
  }
  if (!isShape(shape)) {
    throw new Error(`${JSON.stringify(shape)} on the wire is not the shape of an array`);
  }
  const type = TYPES[dtype];
  const count = shape.reduce((product, n) => product * n, 1);
  const expected = count * type.BYTES_PER_ELEMENT;
  if (buffer.byteLength !== expected) {
    throw new Error(
      `a ${dtype} array of shape (${shape.join(', ')}) needs ${expected} bytes, ` +
        `${buffer.byteLength} came`
    );
  }
  const [bytes, offset] = ArrayBuffer.isView(buffer)
    ? [buffer.buffer, buffer.byteOffset]
    : [buffer, 0];
  // A typed array must begin at a multiple of its element size, which a message's layout does not give.
  const aligned = offset % type.BYTES_PER_ELEMENT === 0;
  return {
    shape,
    dtype,
    data: aligned
      ? new type(bytes, offset, count)
      : new type(bytes.slice(offset, offset + expected), 0, count)
  };
}

function isDtype(dtype: unknown): dtype is Dtype {
  return (DTYPES as readonly unknown[]).includes(dtype);
}

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.every(n => Number.isSafeInteger(n) && n >= 0);
}
