/** What is made of a cube: moment maps, and slices along a line; asked after until ready, or given up. */
import type { CubeFacts } from '../../../core/cubes';
import type { FitsTraits, Where } from '../../../core/protocol';
import { isAbort, type Requester } from '../../../core/request';
import { decode } from '../../../core/wire';
import { Later } from '../../common/dom';
import { download } from '../../common/download';
import type { PartContext } from '../part';
import type { CubePanel } from './panel';
import { whenReady } from './pending';
import { SliceLine, SlicePlot } from './slice';

/** What the part of the viewer lends. */
export interface MakingLent {
  readonly context: PartContext;
  /** Which view asks. */
  readonly view: string;
  requester(): Requester | null;
  where(): Where | null;
  cube(): CubeFacts | null;
  /** A plane that stands for the polarisation on show, whatever its channel. */
  base(): { hdu: number; plane: number; view: string } | null;
  panel(): CubePanel;
  pause(): void;
  /** Shows the panel. */
  open(): void;
  pick(channel: number): void;
}

export class Making {
  readonly line: SliceLine;
  readonly plot: SlicePlot;
  readonly #lent: MakingLent;
  readonly #sliceSoon = new Later(150);
  /** The cube that a map on show was made of. */
  #back: Where | null = null;
  /** Numbers of the maps that were made here. */
  readonly #maps = new Set<number>();
  #work: { readonly what: 'moment' | 'slice'; readonly controller: AbortController } | null = null;
  #sliceAsked = '';

  constructor(lent: MakingLent) {
    this.#lent = lent;
    this.plot = new SlicePlot(channel => lent.pick(channel), lent.context.signal);
    this.line = new SliceLine((path, done) => this.drawn(path, done));
  }

  get busy(): boolean {
    return this.#work !== null;
  }

  /** The way back from a map on show, null where none is. */
  get back(): Where | null {
    const where = this.#lent.where();
    return where && this.#maps.has(where.hdu) ? this.#back : null;
  }

  /** No cube is on show any more. */
  clear(): void {
    this.line.set(null);
    this.#sliceAsked = '';
    this.plot.set(null, null);
  }

  dispose(): void {
    this.#work?.controller.abort();
    this.#sliceSoon.cancel();
  }

  /** Does work that may be cancelled; one piece at a time. */
  async #doing(
    what: 'moment' | 'slice',
    words: string,
    work: (signal: AbortSignal, told: (progress: number) => void) => Promise<void>
  ): Promise<void> {
    this.#work?.controller.abort();
    const mine = (this.#work = { what, controller: new AbortController() });
    this.#lent.panel().setWork(words, 0);
    this.#lent.context.changed();
    try {
      await work(mine.controller.signal, progress => this.#lent.panel().setWork(words, progress));
    } catch (error) {
      if (!isAbort(error)) {
        this.#lent.context.fail(error);
      }
    }
    if (this.#work === mine) {
      this.#work = null;
      this.#lent.panel().setWork(null, 0);
      this.#lent.context.changed();
    }
  }

  /** Gives up what is under way. */
  cancel(): void {
    const [work, where, requester] = [this.#work, this.#lent.where(), this.#lent.requester()];
    if (work && where && requester) {
      work.controller.abort();
      const msg = { what: work.what, view: this.#lent.view, hdu: where.hdu };
      requester.request('cube_cancel', msg).catch(() => undefined);
      if (work.what === 'slice') {
        this.#sliceAsked = '';
      }
    }
  }

  /** Makes a map of the chosen channels and shows it. */
  moment(order: number, threshold: number | null): void {
    const [where, base, cube, requester] = [
      this.#lent.where(),
      this.#lent.base(),
      this.#lent.cube(),
      this.#lent.requester()
    ];
    if (!where || !base || !cube || !requester) {
      return;
    }
    const { traits } = this.#lent.context;
    this.#lent.pause();
    void this.#doing('moment', `Moment ${order}`, async (signal, told) => {
      const msg = {
        ...base,
        order,
        threshold,
        channels: traits.get('channel_range'),
        unit: traits.get('spectral_unit'),
        convention: traits.get('doppler_convention'),
        rest: traits.get('rest')
      };
      const { meta } = await whenReady(requester, 'moment', msg, signal, told);
      this.#back = where;
      this.#maps.add(meta.hdu);
      this.#lent.context.show({ hdu: meta.hdu, plane: 0 });
    });
  }

  /** A line is drawn, or taken away. */
  drawn(path: FitsTraits['slice_path'], done: boolean): void {
    this.#lent.context.dirty();
    if (done) {
      this.#lent.context.traits.write({ slice_path: path });
      this.showSlice();
      this.askSlice();
    }
  }

  /** Has the next drag draw the line. */
  arm(on: boolean): void {
    if (on) {
      this.#lent.open();
    }
    this.line.arm(on);
    this.showSlice();
    this.#lent.context.focus();
  }

  /** Shows what there is of the slice. */
  showSlice(): void {
    const width = this.#lent.context.traits.get('slice_width');
    this.#lent.panel().setLine(this.line.armed, width, this.plot.shown && !!this.line.path);
    this.plot.redraw();
  }

  /** Asks for the slice along the line, unless it is here. */
  askSlice(): void {
    const [path, base, requester] = [this.line.path, this.#lent.base(), this.#lent.requester()];
    if (!path || !base || !requester) {
      this.#sliceAsked = '';
      this.plot.set(null, null);
      this.showSlice();
      return;
    }
    const msg = { ...base, path, width: this.#lent.context.traits.get('slice_width') };
    const asked = JSON.stringify(msg);
    if (asked === this.#sliceAsked) {
      this.plot.redraw();
      return;
    }
    this.#sliceAsked = asked;
    this.#sliceSoon.run(() => {
      void this.#doing('slice', 'Slice', async (signal, told) => {
        const { meta, buffers } = await whenReady(requester, 'slice', msg, signal, told);
        this.plot.set({ array: decode(meta, buffers[0]), meta }, this.#lent.cube());
        this.showSlice();
      });
    });
  }

  /** Downloads the map on show, or the slice. */
  async save(what: 'map' | 'slice'): Promise<void> {
    const [path, where, requester] = [this.line.path, this.#lent.where(), this.#lent.requester()];
    if (!where || !requester || (what === 'slice' && !path)) {
      return;
    }
    const place = what === 'slice' ? this.#lent.base()! : { ...where, view: this.#lent.view };
    const cut = { path: path!, width: this.#lent.context.traits.get('slice_width') };
    const msg = { ...place, ...(what === 'slice' ? cut : {}) };
    try {
      const { signal } = this.#lent.context;
      const { meta, buffers } = await whenReady(requester, 'cube_file', msg, signal);
      download(meta.name, new Blob([buffers[0]]));
    } catch (error) {
      if (!isAbort(error)) {
        this.#lent.context.fail(error);
      }
    }
  }
}
