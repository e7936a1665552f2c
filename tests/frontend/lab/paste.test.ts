// @vitest-environment jsdom
import './browser';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { PasteTarget } from '../../../src/lab/paste';
import { holdsSecret, placesIn } from '../../../src/lab/places';

const files = vi.fn<(files: File[]) => void>();
const places = vi.fn<(text: string) => void>();
let node: HTMLElement;
let target: PasteTarget;

beforeEach(() => {
  vi.clearAllMocks();
  node = document.createElement('div');
  node.innerHTML = '<button></button><input />';
  document.body.append(node);
  target = new PasteTarget(node, { files, places });
});

afterEach(() => {
  target.dispose();
  node.remove();
});

function paste(selector: string, text: string, given: File[] = []): Event {
  const clipboardData = { files: given, getData: () => text };
  const event = Object.assign(new Event('paste', { bubbles: true, cancelable: true }), {
    clipboardData
  });
  node.querySelector(selector)!.dispatchEvent(event);
  return event;
}

test('a text is taken', () => {
  expect(paste('button', ' data/m13.fits\n').defaultPrevented).toBe(true);
  expect(places).toHaveBeenCalledWith('data/m13.fits');
});

test('files are taken before their names', () => {
  const file = new File(['x'], 'm13.fits');
  paste('button', 'm13.fits', [file]);
  expect(files).toHaveBeenCalledWith([file]);
  expect(places).not.toHaveBeenCalled();
});

test.each([
  ['input', 'm13.fits'],
  ['button', '  ']
])('into %s %j is left alone', (selector, text) => {
  expect(paste(selector, text).defaultPrevented).toBe(false);
  expect(places).not.toHaveBeenCalled();
});

test('nothing is taken once it is disposed', () => {
  target.dispose();
  expect(paste('button', 'm13.fits').defaultPrevented).toBe(false);
});

describe('the places of a text', () => {
  test('are paths and addresses, one a line', () => {
    const text = '"a b.fits"\r\n\r\nhttps://x.org/y.fits\n C:/data/z.fits \ns3://bucket/k';
    expect(placesIn(text)).toEqual({
      paths: ['a b.fits', 'C:/data/z.fits'],
      addresses: ['https://x.org/y.fits', 's3://bucket/k']
    });
  });

  test('are a hundred at most', () => {
    expect(placesIn('a\n'.repeat(500)).paths).toHaveLength(100);
  });

  test.each([
    ['https://ada:pw@x.org/y.fits', true],
    ['https://x.org/y?X-Amz-Signature=0', true],
    ['https://x.org/y?access_token=0&z=1', true],
    ['https://x.org/y?band=B04', false],
    ['https://[bad', false]
  ])('of %s hold a secret: %s', (address, secret) => {
    expect(holdsSecret(address)).toBe(secret);
  });
});
