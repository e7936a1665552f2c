/** What is behind the selected points, as a wall of small pictures that is made while one scrolls. */
import type { GalleryMeta, LatentMeta, LatentRequests } from '../../../core/latent';
import { isAbort, type Requester } from '../../../core/request';
import { Later, make, select, setChoices } from '../../common/dom';
import type { Thumbnails } from './thumbnails';

const TILE_WIDTH = 104;
/** With a picture, and without. */
const TILE_HEIGHTS = [88, 22];
const PAGE = 60;

export interface GalleryHooks {
  open(point: number): void;
  failed(error: unknown): void;
}

export class Gallery {
  readonly element: HTMLElement;
  readonly #title = make('span', { role: 'status' });
  readonly #scroller = make('div', {
    class: 'astrodata-map-wall',
    tabindex: 0,
    role: 'listbox',
    'aria-label': 'Gallery of the selection'
  });
  readonly #wall = make('div');
  readonly #sort: HTMLSelectElement;
  readonly #order: HTMLSelectElement;
  readonly #requester: Requester<LatentRequests>;
  readonly #thumbnails: Thumbnails | null;
  readonly #hooks: GalleryHooks;
  readonly #signal: AbortSignal;
  readonly #tiles = new Map<number, HTMLElement>();
  readonly #later = new Later(40);
  #pages = new Map<number, Promise<GalleryMeta>>();
  readonly #tileHeight: number;
  #total = 0;
  #chosen = false;
  #turn = 0;
  #point = -1;

  constructor(
    facts: LatentMeta,
    requester: Requester<LatentRequests>,
    thumbnails: Thumbnails | null,
    hooks: GalleryHooks,
    signal: AbortSignal
  ) {
    this.#requester = requester;
    this.#thumbnails = thumbnails;
    this.#tileHeight = TILE_HEIGHTS[thumbnails ? 0 : 1];
    this.#hooks = hooks;
    this.#signal = signal;
    const again = () => void this.refresh(this.#chosen);
    this.#sort = select('Sort by', [], again);
    this.#order = select(
      'Order',
      [
        { value: 'down', text: 'highest first' },
        { value: 'up', text: 'lowest first' }
      ],
      again
    );
    this.setColumns(facts);
    this.#scroller.append(this.#wall);
    this.#scroller.addEventListener('scroll', () => this.#later.run(() => void this.#fill()));
    this.#scroller.addEventListener('keydown', event => this.#onKey(event));
    const observer = new ResizeObserver(() => void this.#fill());
    observer.observe(this.#scroller);
    signal.addEventListener('abort', () => {
      observer.disconnect();
      this.#later.cancel();
    });
    this.element = make(
      'section',
      { class: 'astrodata-map-gallery', 'aria-label': 'Gallery' },
      make(
        'div',
        { class: 'astrodata-row' },
        this.#title,
        make('label', { class: 'astrodata-row' }, 'sorted by', this.#sort),
        this.#order
      ),
      this.#scroller
    );
  }

  setColumns({ numbers, columns }: Pick<LatentMeta, 'numbers' | 'columns'>): void {
    const { value } = this.#sort;
    const names = [...numbers, ...columns].map(({ name }) => name);
    setChoices(this.#sort, [
      { value: '', text: 'their order' },
      { value: 'id', text: 'id' },
      ...[...new Set(names)].map(name => ({ value: name, text: name }))
    ]);
    this.#sort.value = value;
  }

  /** Shows the selection, or all that is shown when nothing is selected. */
  async refresh(chosen: boolean): Promise<void> {
    this.#chosen = chosen;
    this.#order.hidden = !this.#sort.value;
    const turn = ++this.#turn;
    this.#pages = new Map();
    try {
      const { total } = await this.#page(0);
      if (turn !== this.#turn) {
        return;
      }
      this.#total = total;
      this.#title.textContent = chosen
        ? `${total.toLocaleString('en')} selected,`
        : `All ${total.toLocaleString('en')},`;
      this.#scroller.scrollTop = 0;
      this.#clearTiles();
      await this.#fill();
    } catch (error) {
      this.#fail(error);
    }
  }

  mark(point: number): void {
    this.#point = point;
    for (const tile of this.#tiles.values()) {
      tile.setAttribute('aria-selected', String(tile.dataset.point === String(point)));
    }
  }

  redraw(): void {
    this.#clearTiles();
    void this.#fill();
  }

  #page(number: number): Promise<GalleryMeta> {
    let page = this.#pages.get(number);
    if (!page) {
      const msg = {
        start: number * PAGE,
        count: PAGE,
        sort: this.#sort.value,
        descending: this.#order.value === 'down',
        of: this.#chosen ? ('selection' as const) : ('shown' as const)
      };
      page = this.#requester.request('gallery', msg, this.#signal).then(({ meta }) => meta);
      this.#pages.set(number, page);
    }
    return page;
  }

  /** Makes the tiles that one sees, and takes those away that one does not. */
  async #fill(): Promise<void> {
    const { clientWidth, clientHeight, scrollTop } = this.#scroller;
    const columns = Math.max(1, Math.floor(clientWidth / TILE_WIDTH));
    this.#wall.style.height = `${Math.ceil(this.#total / columns) * this.#tileHeight}px`;
    const first = Math.max(0, Math.floor(scrollTop / this.#tileHeight) - 1) * columns;
    const rows = Math.ceil(clientHeight / this.#tileHeight) + 2;
    const end = Math.min(this.#total, first + rows * columns);
    const turn = this.#turn;
    this.#thumbnails?.forget();
    for (const [place, tile] of this.#tiles) {
      if (place < first || place >= end) {
        tile.remove();
        this.#tiles.delete(place);
      }
    }
    try {
      // All pages first: what is shown in one go has its pictures asked for together.
      const pages = new Map<number, GalleryMeta>();
      for (let page = Math.floor(first / PAGE); page * PAGE < end; page++) {
        pages.set(page, await this.#page(page));
      }
      if (turn === this.#turn) {
        for (let place = first; place < end; place++) {
          this.#show(place, columns, pages.get(Math.floor(place / PAGE))!);
        }
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #show(place: number, columns: number, page: GalleryMeta): void {
    const point = page.rows[place % PAGE];
    if (point === undefined) {
      return;
    }
    let tile = this.#tiles.get(place);
    const [id, value] = page.captions[place % PAGE];
    if (!tile) {
      const canvas = make('canvas', { 'aria-hidden': 'true' });
      tile = make(
        'div',
        { role: 'option', title: value === undefined ? id : `${id}: ${value}` },
        ...(this.#thumbnails ? [canvas] : []),
        make('span', {}, id),
        ...(value === undefined ? [] : [make('small', {}, value)])
      );
      tile.dataset.point = String(point);
      tile.addEventListener('click', () => this.#hooks.open(point));
      this.#tiles.set(place, tile);
      this.#wall.append(tile);
      tile.setAttribute('aria-selected', String(point === this.#point));
      this.#thumbnails?.show(point, canvas);
    } else {
      const canvas = tile.querySelector('canvas');
      if (canvas && !canvas.dataset.painted) {
        this.#thumbnails?.show(point, canvas);
      }
    }
    tile.style.height = `${this.#tileHeight}px`;
    tile.style.left = `${(place % columns) * TILE_WIDTH}px`;
    tile.style.top = `${Math.floor(place / columns) * this.#tileHeight}px`;
  }

  #onKey(event: KeyboardEvent): void {
    const { clientWidth } = this.#scroller;
    const columns = Math.max(1, Math.floor(clientWidth / TILE_WIDTH));
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns
    };
    if (!Object.hasOwn(steps, event.key) || !this.#total) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const current = [...this.#tiles].find(([, tile]) => tile.dataset.point === String(this.#point));
    const from = current ? current[0] : -1;
    const place = Math.min(this.#total - 1, Math.max(0, from + steps[event.key]));
    void this.#page(Math.floor(place / PAGE)).then(
      page => {
        this.#hooks.open(page.rows[place % PAGE]);
        const top = Math.floor(place / columns) * this.#tileHeight;
        const { scrollTop, clientHeight } = this.#scroller;
        if (top < scrollTop || top + this.#tileHeight > scrollTop + clientHeight) {
          this.#scroller.scrollTop = top;
        }
      },
      (error: unknown) => this.#fail(error)
    );
  }

  #clearTiles(): void {
    this.#wall.replaceChildren();
    this.#tiles.clear();
  }

  #fail(error: unknown): void {
    if (!isAbort(error)) {
      this.#hooks.failed(error);
    }
  }
}
