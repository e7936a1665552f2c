import { describe, expect, it } from 'vitest';
import { Requester } from '../../../src/core/request';
import type { Painting } from '../../../src/widgets/fits/renderer';
import { Tiles } from '../../../src/widgets/fits/tiles';
import { FakeChannel, letters, settle } from '../core/fakeChannel';
import { facts } from './fake';

const IMAGE = facts({ width: 4096, height: 4096, levels: 4 });
const WHERE = { hdu: 0, plane: 0 };
const TILE_BYTES = 16;

function start(capBytes?: number) {
  const channel = new FakeChannel();
  const log = { freed: [] as Painting[], errors: [] as unknown[], changes: 0 };
  let made = 0;
  const tiles = new Tiles(
    new Requester(channel, { makeId: letters() }),
    {
      upload: () => ({ texture: { n: made++ } as WebGLTexture, bytes: TILE_BYTES }),
      free: painting => void log.freed.push(painting),
      changed: () => void log.changes++,
      failed: error => void log.errors.push(error)
    },
    capBytes
  );
  const answer = async (id: string) => {
    channel.answer(id, { shape: [1, 2, 2], dtype: 'f4' }, [
      new DataView(new ArrayBuffer(TILE_BYTES))
    ]);
    await settle();
  };
  return { channel, tiles, log, answer };
}

const at = (level: number, ...places: [number, number][]) =>
  places.map(([x, y]) => ({ level, x, y }));

describe('Tiles', () => {
  it('asks for the most important tile first, and for none twice', async () => {
    const { channel, tiles } = start();
    const wanted = at(0, [1, 1], [2, 1], [3, 1]);
    tiles.show(IMAGE, WHERE, wanted);
    tiles.show(IMAGE, WHERE, wanted);
    await settle();
    const sent = channel.sent.map(frame => ('msg' in frame ? frame.msg : null));
    expect(sent).toEqual(wanted.map(tile => ({ ...tile, hdu: 0, plane: 0 })));
    expect(tiles.busy).toBe(true);
  });

  it('gives a layer for each tile that came, at its place', async () => {
    const { tiles, answer, log } = start();
    tiles.show(IMAGE, WHERE, at(1, [2, 1]));
    await settle();
    await answer('a');
    expect(log.changes).toBe(1);
    const [layer] = tiles.show(IMAGE, WHERE, at(1, [2, 1]));
    expect(layer).toMatchObject({ step: 2, box: { left: 2047.5, bottom: 1023.5 } });
    expect(tiles.busy).toBe(false);
  });

  it('fetches anew what is reduced, once, and keeps whole pixels', async () => {
    const { channel, tiles, answer, log } = start();
    for (const [level, id] of [
      [0, 'a'],
      [1, 'b']
    ] as const) {
      tiles.show(IMAGE, WHERE, at(level, [0, 0]));
      await settle();
      await answer(id);
    }
    tiles.sharpen(true);
    tiles.show(IMAGE, WHERE, at(0, [0, 0]));
    await settle();
    expect(channel.asked).toHaveLength(2);
    // The tile of before is shown until the new one is there.
    expect(tiles.show(IMAGE, WHERE, at(1, [0, 0]))).toHaveLength(1);
    await settle();
    expect(channel.asked).toHaveLength(3);
    await answer('c');
    expect(log.freed).toHaveLength(1);
    tiles.show(IMAGE, WHERE, at(1, [0, 0]));
    await settle();
    expect(channel.asked).toHaveLength(3);
  });

  it('takes back what has left the view', async () => {
    const { channel, tiles, log } = start();
    tiles.show(IMAGE, WHERE, at(0, [0, 0], [1, 0]));
    await settle();
    const byPlace = channel.sent.map(frame => [frame.id, 'msg' in frame && frame.msg]);
    tiles.show(IMAGE, WHERE, at(0, [1, 0], [2, 0]));
    await settle();
    expect(byPlace.find(([id]) => id === channel.cancelled[0])?.[1]).toMatchObject({ x: 0, y: 0 });
    expect(channel.cancelled).toHaveLength(1);
    expect(channel.asked).toHaveLength(3);
    expect(log.errors).toEqual([]);
  });

  it('shows the level that was complete until the next one is', async () => {
    const { tiles, answer } = start();
    tiles.show(IMAGE, WHERE, at(1, [0, 0]));
    await settle();
    await answer('a');
    const [coarse] = tiles.show(IMAGE, WHERE, at(1, [0, 0]));
    expect(tiles.show(IMAGE, WHERE, at(0, [0, 0], [1, 0]))).toEqual([coarse]);
    await settle();
    await answer('b');
    expect(tiles.show(IMAGE, WHERE, at(0, [0, 0], [1, 0]))).toHaveLength(2);
    await answer('c');
    const layers = tiles.show(IMAGE, WHERE, at(0, [0, 0], [1, 0]));
    expect(layers.map(layer => layer.step)).toEqual([1, 1]);
  });

  it('never shows tiles of another plane', async () => {
    const { tiles, answer } = start();
    tiles.show(IMAGE, WHERE, at(1, [0, 0]));
    await settle();
    await answer('a');
    tiles.show(IMAGE, WHERE, at(1, [0, 0]));
    expect(tiles.show(IMAGE, { hdu: 0, plane: 1 }, at(1, [0, 0]))).toEqual([]);
    expect(tiles.show(IMAGE, { hdu: 0, plane: 1 }, at(0, [0, 0]))).toEqual([]);
  });

  it('gives up the tiles that were shown longest ago beyond its cap', async () => {
    const { tiles, answer, log } = start(2 * TILE_BYTES);
    const places: [number, number][] = [
      [0, 0],
      [1, 0],
      [2, 0]
    ];
    for (const [i, place] of places.entries()) {
      tiles.show(IMAGE, WHERE, at(0, place));
      await settle();
      await answer('abc'[i]);
      tiles.show(IMAGE, WHERE, at(0, places[0])); // looked at again in between
      await settle();
    }
    expect(log.freed).toHaveLength(1);
    expect(tiles.show(IMAGE, WHERE, at(0, places[0]))).toHaveLength(1);
    expect(tiles.show(IMAGE, WHERE, at(0, places[1]))).toHaveLength(0);
  });

  it('reports a tile that fails once, and asks for it again only when told', async () => {
    const { channel, tiles, log } = start();
    tiles.show(IMAGE, WHERE, at(0, [0, 0]));
    await settle();
    channel.receive({ id: 'a', ok: false, error: { code: 'damaged', message: 'cut' } });
    await settle();
    expect(log.errors).toHaveLength(1);
    tiles.show(IMAGE, WHERE, at(0, [0, 0]));
    await settle();
    expect(channel.asked).toEqual(['a']);
    tiles.retry();
    tiles.show(IMAGE, WHERE, at(0, [0, 0]));
    await settle();
    expect(channel.asked).toEqual(['a', 'b']);
  });

  it('forgets all tiles of a lost context without touching it', async () => {
    const { tiles, answer, log } = start();
    tiles.show(IMAGE, WHERE, at(0, [0, 0]));
    await settle();
    await answer('a');
    tiles.clear(true);
    expect(log.freed).toEqual([]);
    expect(tiles.show(IMAGE, WHERE, at(0, [0, 0]))).toEqual([]);
  });
});
