/**
 * A map of the web under a scene, where the scene has nothing and through its picture.
 *
 * The browser fetches the tiles as plain images, and only after somebody switched the map on: the service
 * then learns the browser's address and which places it looks at.
 */
import type { Size } from '../../../core/geometry';
import type { View } from '../../../core/protocol';
import { isAbort } from '../../../core/request';
import { Later, field, make, select } from '../../common/dom';
import { messageOf } from '../../common/errors';
import type { Traits } from '../../common/traits';
import type { Part } from '../part';
import './basemap.css';
import type { SceneContext, SceneRequester, SceneTraits } from './traits';

/** A place in array pixels. */
export type Corner = readonly [number, number];

/** Mirror of `widgets/scene_basemap.py`. */
export interface BasemapTile {
  readonly key: string;
  readonly url: string;
  /** Upper left, upper right, lower right, lower left. */
  readonly corners: readonly [Corner, Corner, Corner, Corner];
}

export interface BasemapMeta {
  readonly tiles: readonly BasemapTile[];
  readonly host: string;
  readonly attribution: string;
  readonly level: number;
}

export interface BasemapRequests {
  basemap: {
    msg: { box: readonly [number, number, number, number]; scale: number };
    meta: BasemapMeta;
  };
}

export interface BasemapTraits {
  basemap: string;
  picture_opacity: number;
}

const OSM = 'osm';
const ASKS =
  'Tiles come from tile.openstreetmap.org, which then learns the address of this browser and which places ' +
  'you look at.';
/** Pixels of a tile's side. */
const SIDE = 256;
/** Milliseconds that a view rests before its tiles are asked for. */
const REST = 150;
/** Tiles that did not come, after which it is said. */
const ENOUGH = 3;

/**
 * Gives the CSS matrix that lays an image of a tile on its place, array pixels with y upwards.
 *
 * It is the one that is nearest to all four corners: the tile is bent by less than a pixel of the screen.
 */
export function matrixOf(corners: BasemapTile['corners']): string {
  const parts = [0, 1].map(axis => {
    const [ul, ur, lr, ll] = corners.map(corner => corner[axis]);
    const across = (ur - ul + lr - ll) / 2;
    const down = (ll - ul + lr - ur) / 2;
    return [across / SIDE, down / SIDE, (ul + ur + lr + ll) / 4 - (across + down) / 2];
  });
  // Column by column, as CSS has it.
  return `matrix(${[0, 1, 2].flatMap(n => parts.map(part => part[n])).join(', ')})`;
}

/** Gives the CSS matrix from array pixels to the screen. */
export function viewMatrix(view: View, screen: Size): string {
  const { x, y, zoom } = view;
  const [left, top] = [screen.width / 2 - x * zoom, screen.height / 2 + y * zoom];
  return `matrix(${zoom}, 0, 0, ${-zoom}, ${left}, ${top})`;
}

export class BasemapPart implements Part {
  readonly overlay: HTMLElement;
  readonly tools: HTMLElement;
  readonly #traits: Traits<SceneTraits>;
  readonly #context: SceneContext;
  readonly #picker: HTMLSelectElement;
  readonly #opacity = make('input', {
    type: 'range',
    min: 0,
    max: 1,
    step: 0.05,
    'aria-label': 'Opacity of the picture',
    title: 'How little of the base map is seen through the picture'
  });
  readonly #shade: HTMLElement;
  readonly #tiles = make('div', { class: 'astrodata-basemap-tiles' });
  readonly #words = make('div', { class: 'astrodata-basemap-words', hidden: true });
  readonly #images = new Map<string, HTMLImageElement>();
  readonly #rest = new Later(REST);
  readonly #save = new Later(REST);
  #requester: SceneRequester | null = null;
  #turn = new AbortController();
  #asked = '';
  #attribution = '';
  #host = '';
  #lost = 0;

  constructor(context: SceneContext) {
    this.#context = context;
    this.#traits = context.traits;
    this.#picker = select('Base map', [{ value: '', text: 'none' }], basemap => {
      this.#traits.write({ basemap });
      this.#show();
    });
    this.#shade = field('Opacity', this.#opacity);
    this.#opacity.addEventListener('input', () => {
      const opacity = Number(this.#opacity.value);
      this.#fade(opacity);
      this.#save.run(() => this.#traits.write({ picture_opacity: opacity }));
    });
    this.tools = make(
      'div',
      { class: 'astrodata-basemap-controls' },
      field('Base map', this.#picker),
      this.#shade
    );
    this.overlay = make(
      'div',
      { class: 'astrodata-basemap' },
      make('div', { class: 'astrodata-basemap-under' }, this.#tiles),
      this.#words
    );
    this.#traits.follow(['basemap', 'picture_opacity'], () => this.#show());
    this.#show();
  }

  connect(requester: SceneRequester): void {
    this.#requester = requester;
    this.#context.dirty();
  }

  setImage(): void {
    this.#asked = '';
  }

  frame(view: View, _image: Size, screen: Size): void {
    if (!this.#traits.get('basemap') || !(screen.width > 0 && screen.height > 0)) {
      return;
    }
    this.#tiles.style.transform = viewMatrix(view, screen);
    const [across, up] = [screen.width / 2 / view.zoom, screen.height / 2 / view.zoom];
    const box = [view.x - across, view.y - up, view.x + across, view.y + up] as const;
    const key = JSON.stringify([this.#traits.get('basemap'), box]);
    if (key !== this.#asked && this.#requester) {
      this.#asked = key;
      this.#rest.run(() => this.#ask({ box, scale: view.zoom }));
    }
  }

  dispose(): void {
    this.#rest.cancel();
    this.#save.cancel();
    this.#turn.abort();
  }

  #show(): void {
    const basemap = this.#traits.get('basemap');
    this.#shade.hidden = this.overlay.hidden = !basemap;
    const own = basemap && basemap !== OSM;
    this.#picker.replaceChildren(
      make('option', { value: '' }, 'none'),
      make('option', { value: OSM }, 'OpenStreetMap'),
      ...(own ? [make('option', { value: basemap }, 'of one’s own')] : [])
    );
    this.#picker.value = basemap;
    this.#picker.title = own ? `Tiles come from ${hostOf(basemap)}.` : ASKS;
    const opacity = this.#traits.get('picture_opacity');
    this.#opacity.value = String(opacity);
    this.#fade(basemap ? opacity : 1);
    this.#forget();
    this.#context.dirty();
  }

  /** Takes what is not of this map from the page. */
  #forget(): void {
    this.#rest.cancel();
    this.#turn.abort();
    this.#asked = '';
    this.#lost = 0;
    this.#images.clear();
    this.#tiles.replaceChildren();
    this.#words.hidden = true;
  }

  #fade(opacity: number): void {
    const stage = this.overlay.parentElement;
    stage?.style.setProperty('--astrodata-picture-opacity', String(opacity));
  }

  #ask(msg: BasemapRequests['basemap']['msg']): void {
    this.#turn.abort();
    const { signal } = (this.#turn = new AbortController());
    this.#requester?.request('basemap', msg, signal).then(
      ({ meta }) => signal.aborted || this.#lay(meta),
      (error: unknown) => {
        if (!isAbort(error) && !signal.aborted) {
          this.#say(messageOf(error));
        }
      }
    );
  }

  #lay({ tiles, host, attribution }: BasemapMeta): void {
    this.#fade(this.#traits.get('picture_opacity'));
    this.#attribution = attribution;
    this.#host = host;
    const wanted = new Set(tiles.map(({ url }) => url));
    for (const tile of tiles) {
      if (!this.#images.has(tile.url)) {
        this.#images.set(tile.url, this.#image(tile));
      }
    }
    // Coarser ones stay below until the new ones are there.
    const leave = () => {
      for (const [url, image] of this.#images) {
        if (!wanted.has(url)) {
          image.remove();
          this.#images.delete(url);
        }
      }
    };
    const coming = tiles.map(({ url }) => this.#images.get(url)!).filter(image => !image.complete);
    if (coming.length && this.#images.size < 4 * tiles.length) {
      let left = coming.length;
      const { signal } = this.#turn;
      const one = () => {
        left -= 1;
        if (!left && !signal.aborted) {
          leave();
        }
      };
      for (const image of coming) {
        image.addEventListener('load', one, { once: true, signal });
        image.addEventListener('error', one, { once: true, signal });
      }
    } else {
      leave();
    }
    this.#say(this.#lost >= ENOUGH ? this.#lostWords() : '');
  }

  #image({ url, corners }: BasemapTile): HTMLImageElement {
    const image = make('img', { alt: '', draggable: 'false', decoding: 'async' });
    // The host of the page, not the notebook's path; some services refuse who says nothing.
    image.referrerPolicy = 'strict-origin-when-cross-origin';
    image.style.transform = matrixOf(corners);
    image.addEventListener('load', () => {
      this.#lost = 0;
      image.classList.add('astrodata-basemap-came');
      this.#say('');
    });
    image.addEventListener('error', () => {
      image.hidden = true;
      this.#lost += 1;
      if (this.#lost === ENOUGH) {
        this.#say(this.#lostWords());
      }
    });
    image.src = url;
    this.#tiles.append(image);
    return image;
  }

  #lostWords(): string {
    return `${this.#host} does not give the base map`;
  }

  /** Whose map it is, and what is the matter with it. */
  #say(trouble: string): void {
    const text = [this.#attribution, trouble].filter(Boolean).join(' · ');
    this.#words.textContent = text;
    this.#words.hidden = !text;
  }
}

function hostOf(template: string): string {
  try {
    return new URL(template.replace(/[{}]/g, '')).host;
  } catch {
    return 'an address that Python gave';
  }
}
