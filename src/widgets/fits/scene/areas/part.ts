/** Areas of a scene: the selected region's bands and indices in numbers, and what is cut out of it. */
import { isAbort } from '../../../../core/request';
import { copyAndSay } from '../../../common/clipboard';
import { Later } from '../../../common/dom';
import { download } from '../../../common/download';
import { messageOf } from '../../../common/errors';
import type { Traits } from '../../../common/traits';
import type { Part } from '../../part';
import type { SceneContext, SceneRequester, SceneTraits } from '../traits';
import { AreaPanel, type Export } from './panel';
import './style.css';
import { chosen, place, type AreaMeta, type HistogramMeta } from './wire';

/** Milliseconds for which a region stays as it is before it is measured. */
const PAUSE = 300;

/** Stays out of sight while no region is selected. */
export class AreasPart implements Part {
  readonly panel: HTMLElement;
  readonly #context: SceneContext;
  readonly #traits: Traits<SceneTraits>;
  readonly #panel: AreaPanel;
  readonly #later = new Later(PAUSE);
  #requester: SceneRequester | null = null;
  #turn: AbortController | null = null;
  #working = 0;
  #asked = '';
  #found: AreaMeta | null = null;
  #histogram: HistogramMeta | null = null;
  #name = '';
  #said = '';

  constructor(context: SceneContext) {
    this.#context = context;
    this.#traits = context.traits;
    this.#panel = new AreaPanel(
      {
        open: area_panel => this.#traits.write({ area_panel }),
        indices: series_indices => this.#traits.write({ series_indices }),
        clouds: area_clouds => this.#traits.write({ area_clouds }),
        histogram: name => {
          this.#name = name;
          this.#ask();
        },
        save: wish => void this.#save(wish),
        copy: () => void this.#copy()
      },
      context.signal
    );
    this.panel = this.#panel.element;
    const names = ['shapes', 'selected_shapes', 'area_panel', 'area_clouds'] as const;
    this.#traits.watch([...names, 'series_indices', 'date', 'dates'], () => this.#read());
    this.#read();
  }

  get busy(): boolean {
    return !!this.#turn || this.#working > 0;
  }

  connect(requester: SceneRequester): void {
    this.#requester = requester;
    this.#read();
  }

  setImage(): void {
    this.#read();
  }

  redraw(): void {
    this.#panel.redraw();
  }

  dispose(): void {
    this.#later.cancel();
    this.#turn?.abort();
  }

  get #region() {
    return chosen(this.#traits.get('shapes'), this.#traits.get('selected_shapes'));
  }

  /** What the numbers depend on. */
  #key(): string {
    const traits = this.#traits;
    const region = this.#region;
    return JSON.stringify([
      region && place(region.shape),
      traits.get('series_indices'),
      traits.get('area_clouds'),
      traits.get('date')
    ]);
  }

  #read(): void {
    const open = !!this.#region && this.#traits.get('area_panel');
    const key = open ? this.#key() : '';
    if (key !== this.#asked && this.#requester) {
      this.#asked = key;
      this.#turn?.abort();
      this.#turn = null;
      this.#found = this.#histogram = null;
      this.#said = '';
      this.#later.cancel();
      if (open) {
        this.#later.run(() => this.#ask());
      }
    }
    this.#show();
  }

  #show(): void {
    const [traits, region] = [this.#traits, this.#region];
    this.panel.hidden = !region;
    if (!region) {
      return;
    }
    const choices = traits.get('choices');
    this.#panel.show({
      title: `${region.shape.text || `${region.shape.shape} ${region.number}`}`,
      open: traits.get('area_panel'),
      indices: traits.get('series_indices'),
      offered: choices.filter(({ group }) => group === 'Indices').map(({ text }) => text),
      clouds: traits.get('area_clouds'),
      several: traits.get('dates').length > 1,
      found: this.#found,
      histogram: this.#histogram,
      name: this.#name,
      busy: !!this.#turn,
      said: this.#said
    });
  }

  #ask(): void {
    const [requester, region] = [this.#requester, this.#region];
    if (!requester || !region) {
      return;
    }
    this.#turn?.abort();
    const turn = (this.#turn = new AbortController());
    this.#context.changed();
    void this.#measure(requester, place(region.shape), turn.signal)
      .catch((error: unknown) => {
        if (!isAbort(error) && !turn.signal.aborted) {
          this.#said = messageOf(error);
        }
      })
      .finally(() => {
        if (this.#turn === turn) {
          this.#turn = null;
          this.#show();
          this.#context.changed();
        }
      });
    this.#show();
  }

  async #measure(
    requester: SceneRequester,
    shape: ReturnType<typeof place>,
    signal: AbortSignal
  ): Promise<void> {
    const clouds = this.#traits.get('area_clouds');
    const indices = this.#traits.get('series_indices');
    const date = this.#traits.get('date');
    while (!this.#found || this.#found.next !== null) {
      const first = this.#found?.next ?? 0;
      const msg = { shape, indices, clouds, first, date };
      const { meta } = await requester.request('scene_area', msg, signal);
      if (signal.aborted) {
        return;
      }
      this.#found = { ...meta, rows: [...(this.#found?.rows ?? []), ...meta.rows] };
      this.#show();
    }
    const names = this.#found.rows.map(row => row.name);
    const name = names.includes(this.#name) ? this.#name : (indices[0] ?? names[0]);
    this.#name = name;
    for (;;) {
      const { meta } = await requester.request(
        'scene_histogram',
        { shape, name, clouds, date },
        signal
      );
      if (signal.aborted) {
        return;
      }
      this.#histogram = meta;
      this.#show();
      if (meta.dates.length >= meta.total) {
        return;
      }
    }
  }

  async #save({ what, shown, numbers }: Export): Promise<void> {
    const [requester, region, { signal }] = [this.#requester, this.#region, this.#context];
    if (!requester || !region) {
      return;
    }
    const bands = shown ? this.#traits.get('bands') : null;
    const clouds = this.#traits.get('area_clouds') || what === 'tif';
    const msg = { shape: place(region.shape), what, bands, numbers, clouds };
    await this.#work(async () => {
      const { meta, buffers } = await requester.request('scene_export', msg, signal);
      download(meta.name, new Blob([buffers[0]]));
      this.#said = `${meta.name}: ${(meta.bytes / 1e6).toFixed(meta.bytes < 1e5 ? 3 : 1)} MB.`;
    });
  }

  async #copy(): Promise<void> {
    const region = this.#region;
    if (!region) {
      return;
    }
    const traits = this.#traits;
    const shape = JSON.stringify(place(region.shape));
    const indices = JSON.stringify(traits.get('series_indices'));
    const clouds = traits.get('area_clouds') ? 'True' : 'False';
    const lines = [
      `region = ${shape}`,
      `viewer.area_statistics(region, indices=${indices}, clouds=${clouds})`,
      'viewer.crop(region)',
      'viewer.export(region, "area.tif")'
    ];
    await this.#work(async () => {
      this.#said = await copyAndSay(lines.join('\n'));
    });
  }

  async #work(work: () => Promise<void>): Promise<void> {
    this.#working++;
    this.#said = '';
    this.#context.changed();
    try {
      await work();
    } catch (error) {
      if (!isAbort(error)) {
        this.#said = messageOf(error);
      }
    } finally {
      this.#working--;
      this.#show();
      this.#context.changed();
    }
  }
}
