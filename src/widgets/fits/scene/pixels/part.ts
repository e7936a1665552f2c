/** Pixels of a scene: a click pins one, and below the picture stand its spectrum and its indices in time. */
import { imageToScreen, isInside, pixelAt, type Point, type Size } from '../../../../core/geometry';
import type { DescribeMeta, View } from '../../../../core/protocol';
import { copyAndSay } from '../../../common/clipboard';
import { button, make } from '../../../common/dom';
import { isPlain } from '../../../common/keys';
import { css, PALETTE } from '../../../common/palette';
import type { Traits } from '../../../common/traits';
import type { Grip, Part } from '../../part';
import type { SceneContext, SceneRequester, SceneTraits } from '../traits';
import { momentOf } from './dates';
import { PixelPanel } from './panel';
import { Reading } from './reading';
import './style.css';
import { toggled, type Place } from './wire';

/** CSS pixels that a click may move by. */
const CLICK = 4;

export class PixelsPart implements Part {
  readonly overlay = make('div', { class: 'astrodata-scene-markers' });
  readonly panel: HTMLElement;
  readonly tools: HTMLElement;
  readonly help = [
    ['s, click', 'spectrum and series of a pixel of a scene; once more unpins it']
  ] as const;
  readonly #context: SceneContext;
  readonly #traits: Traits<SceneTraits>;
  readonly #button: HTMLButtonElement;
  readonly #panel: PixelPanel;
  readonly #reading: Reading;
  readonly #markers = new Map<string, HTMLElement>();
  readonly #colours = new Map<string, string>();
  #requester: SceneRequester | null = null;
  #image: DescribeMeta | null = null;
  #pointer: Point | null = null;
  /** Whether a click opened the panel, which the click that takes it back closes again. */
  #opened = false;

  constructor(context: SceneContext) {
    this.#context = context;
    this.#traits = context.traits;
    this.#button = button(
      'Pixels',
      'Spectra and series of pixels',
      'Spectra and series of pixels, which a click on the picture pins (s)',
      () => this.#open(!this.#traits.get('pixel_panel'))
    );
    this.#panel = new PixelPanel(
      {
        indices: series_indices => this.#write({ series_indices }),
        clouds: series_clouds => this.#write({ series_clouds }),
        unpin: place => this.#pin(place),
        look: ([x, y]) => context.goto({ x, y }),
        clear: () => this.#write({ pixels: [] }),
        copy: what => void this.#copy(what),
        date: date => this.#showDate(date)
      },
      context.signal
    );
    this.#reading = new Reading(() => {
      context.changed();
      this.#show();
    });
    this.panel = this.#panel.element;
    this.tools = make('div', { class: 'astrodata-buttons astrodata-scene-button' }, this.#button);
    const names = ['pixels', 'pixel_panel', 'series_indices', 'series_clouds', 'date'] as const;
    this.#traits.watch([...names, 'dates'], () => this.#read());
    this.#read();
  }

  get busy(): boolean {
    return this.#reading.busy;
  }

  connect(requester: SceneRequester): void {
    this.#requester = requester;
    this.#reading.connect(requester);
  }

  setImage(facts: DescribeMeta | null): void {
    this.#image = facts;
  }

  frame(view: View, _image: Size, screen: Size): void {
    for (const [key, marker] of this.#markers) {
      const [x, y] = key.split(' ').map(Number);
      const at = imageToScreen(view, screen, { x, y });
      marker.style.transform = `translate(${at.x}px, ${at.y}px)`;
    }
  }

  hover(at: Point | null): void {
    this.#pointer = at;
  }

  grip(at: Point, down: PointerEvent): Grip | null {
    // A click beside the selected regions is for letting them go.
    const selected = this.#context.traits.get('selected_shapes');
    const place = this.#placeAt(at);
    if (place && !selected.length && down.isPrimary !== false && down.target) {
      this.#pinOnClick(place, down, down.target);
    }
    return null;
  }

  key(event: KeyboardEvent): boolean {
    if (!isPlain(event) || event.key !== 's') {
      return false;
    }
    const place = this.#pointer && this.#placeAt(this.#pointer);
    if (place) {
      this.#pin(place);
    } else {
      this.#open(!this.#traits.get('pixel_panel'));
    }
    return true;
  }

  redraw(): void {
    this.#panel.redraw();
  }

  dispose(): void {
    this.#reading.dispose();
  }

  // --- what hands do ------------------------------------------------------------------------------

  #placeAt(at: Point): Place | null {
    if (!this.#image || !isInside(at, this.#image)) {
      return null;
    }
    const { x, y } = pixelAt(at);
    return [x, y];
  }

  /** Pins where a click ends; a drag moves the picture. */
  #pinOnClick(place: Place, down: PointerEvent, target: EventTarget): void {
    const ended = (up: Event) => {
      target.removeEventListener('pointerup', ended);
      target.removeEventListener('pointercancel', ended);
      const { clientX, clientY, type, pointerId } = up as PointerEvent;
      const far = Math.hypot(clientX - down.clientX, clientY - down.clientY) > CLICK;
      if (type === 'pointerup' && pointerId === down.pointerId && !far) {
        this.#pin(place);
      }
    };
    target.addEventListener('pointerup', ended);
    target.addEventListener('pointercancel', ended);
  }

  /** Pins a place, or takes it back, as the second click of a double one does. */
  #pin(place: Place): void {
    const pixels = toggled(this.#traits.get('pixels'), place);
    const open = this.#traits.get('pixel_panel');
    if (pixels.length && !open) {
      this.#opened = true;
    }
    const shut = !pixels.length && this.#opened;
    this.#write({ pixels, pixel_panel: shut ? false : open || pixels.length > 0 });
    this.#opened &&= pixels.length === 1;
  }

  #open(pixel_panel: boolean): void {
    this.#opened = false;
    this.#write({ pixel_panel });
    if (!pixel_panel) {
      this.#context.focus();
    }
  }

  #showDate(date: number): void {
    const one = this.#traits.get('dates')[date];
    if (one?.error) {
      this.#panel.say(one.error);
    } else if (one) {
      this.#panel.say('');
      this.#traits.write({ date, hdu: one.hdu }, true);
    }
  }

  #write(values: Partial<SceneTraits>): void {
    this.#panel.say('');
    this.#traits.write(values);
  }

  async #copy(what: 'series' | 'spectrum' | 'py'): Promise<void> {
    try {
      const { signal } = this.#context;
      const { meta } = await this.#requester!.request('scene_pixels_text', { what }, signal);
      this.#panel.say(await copyAndSay(meta.text));
    } catch (error) {
      this.#context.fail(error);
    }
  }

  // --- what is shown ------------------------------------------------------------------------------

  #read(): void {
    const traits = this.#traits;
    const pixels = traits.get('pixels');
    const open = traits.get('pixel_panel');
    this.#button.setAttribute('aria-pressed', String(open));
    this.panel.hidden = !open;
    this.#colour(pixels);
    this.#mark(pixels);
    this.#reading.want({
      pixels: open ? pixels : [],
      date: traits.get('date'),
      indices: traits.get('series_indices'),
      series: this.#several
    });
    this.#show();
  }

  get #several(): boolean {
    return this.#traits.get('dates').length > 1;
  }

  /** Those that stay keep their colour. */
  #colour(pixels: readonly Place[]): void {
    const keys = pixels.map(place => place.join(' '));
    for (const key of [...this.#colours.keys()]) {
      if (!keys.includes(key)) {
        this.#colours.delete(key);
      }
    }
    for (const key of keys) {
      const used = [...this.#colours.values()];
      const free = PALETTE.map(css).find(colour => !used.includes(colour)) ?? css(PALETTE[0]);
      this.#colours.set(key, this.#colours.get(key) ?? free);
    }
  }

  #mark(pixels: readonly Place[]): void {
    const keys = pixels.map(place => place.join(' '));
    for (const [key, marker] of [...this.#markers]) {
      if (!keys.includes(key)) {
        marker.remove();
        this.#markers.delete(key);
      }
    }
    for (const key of keys) {
      if (!this.#markers.has(key)) {
        const marker = make('i', { class: 'astrodata-scene-marker' });
        marker.style.setProperty('--astrodata-pin', this.#colours.get(key)!);
        this.#markers.set(key, marker);
        this.overlay.append(marker);
      }
    }
    this.#context.dirty();
  }

  #show(): void {
    const traits = this.#traits;
    if (!traits.get('pixel_panel')) {
      return;
    }
    const [dates, date] = [traits.get('dates'), traits.get('date')];
    const choices = traits.get('choices');
    this.#panel.show({
      pins: traits.get('pixels').map(place => ({
        place,
        colour: this.#colours.get(place.join(' ')) ?? css(PALETTE[0]),
        spectrum: this.#reading.spectrum(place),
        series: this.#reading.series(place)
      })),
      indices: traits.get('series_indices'),
      offered: choices.filter(({ group }) => group === 'Indices').map(({ text }) => text),
      clouds: traits.get('series_clouds'),
      date: this.#several ? date : null,
      moment: momentOf(dates[date]?.date ?? ''),
      busy: this.#reading.busy,
      spectrumSaid: this.#reading.reasons('spectrum').join(' '),
      seriesSaid: this.#reading.reasons('series').join(' ')
    });
  }
}
