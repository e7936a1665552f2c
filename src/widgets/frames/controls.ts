/** The controls above all images: how they lie, which one is at hand, what they have in common. */
import type { Align, FramesTraits, Mode } from '../../core/frames';
import { detachButton } from '../common/detach';
import { button, field, make, select } from '../common/dom';

export interface ControlHooks {
  write(values: Partial<FramesTraits>): void;
  /** Puts one image to the front. */
  pick(number: number): void;
}

const MODES: readonly { value: Mode; text: string; title: string }[] = [
  { value: 'side', text: 'side by side', title: 'All images beside each other (m)' },
  { value: 'blink', text: 'blink', title: 'One image at a time, in turns (m)' },
  { value: 'swipe', text: 'swipe', title: 'Two images under a divider (m)' }
];

const ALIGNS: readonly { value: Align; text: string }[] = [
  { value: 'sky', text: 'by the sky' },
  { value: 'pixels', text: 'by pixels' }
];

const INTERVALS = ['0.2', '0.4', '0.7', '1', '2', '5'];

export class Controls {
  readonly element: HTMLElement;
  readonly #hooks: ControlHooks;
  readonly #mode: HTMLSelectElement;
  readonly #align: HTMLSelectElement;
  readonly #interval: HTMLSelectElement;
  readonly #speed: HTMLElement;
  readonly #play: HTMLButtonElement;
  readonly #names = make('div', {
    class: 'astrodata-buttons astrodata-frames-names',
    role: 'group',
    'aria-label': 'Image at hand'
  });
  readonly #linked: HTMLInputElement;
  readonly #matched: HTMLInputElement;

  constructor(hooks: ControlHooks) {
    this.#hooks = hooks;
    this.#mode = select('Arrangement', MODES, mode => hooks.write({ mode }));
    this.#align = select('Align', ALIGNS, align => hooks.write({ align }));
    this.#interval = select(
      'Seconds each',
      INTERVALS.map(value => ({ value, text: `${value} s` })),
      value => hooks.write({ interval: Number(value) })
    );
    this.#play = button('▶', 'Play', 'Show the images in turns (b)', () =>
      hooks.write({ playing: this.#play.getAttribute('aria-pressed') !== 'true' })
    );
    this.#speed = field(
      'Each',
      make('span', { class: 'astrodata-row' }, this.#play, this.#interval)
    );
    const [linked, linkedLabel] = tick('Move together', on => hooks.write({ linked: on }));
    const [matched, matchedLabel] = tick('Same limits and colours', on =>
      hooks.write({ matched: on })
    );
    [this.#linked, this.#matched] = [linked, matched];
    this.element = make(
      'div',
      {
        class: 'astrodata-toolbar astrodata-frames-controls',
        role: 'group',
        'aria-label': 'Images'
      },
      field('Arrangement', this.#mode),
      this.#speed,
      field('Align', this.#align),
      this.#names,
      linkedLabel,
      matchedLabel,
      detachButton()
    );
  }

  setNames(names: readonly string[], sky: boolean): void {
    this.#names.replaceChildren(
      ...names.map((name, number) =>
        button(String(number + 1), name, `${name}: its controls, and to the front (n)`, () =>
          this.#hooks.pick(number)
        )
      )
    );
    this.#align.disabled = !sky;
    this.#align.title = sky ? '' : 'Not all of these images have a WCS on the sky';
  }

  show(
    traits: Pick<FramesTraits, 'mode' | 'align' | 'playing' | 'interval' | 'linked' | 'matched'>
  ) {
    this.#mode.value = traits.mode;
    this.#align.value = traits.align;
    const interval = String(traits.interval);
    if (!INTERVALS.includes(interval) && this.#interval.options.length === INTERVALS.length) {
      this.#interval.append(make('option', { value: interval }, `${interval} s`));
    }
    this.#interval.value = interval;
    this.#speed.hidden = traits.mode !== 'blink';
    this.#play.setAttribute('aria-pressed', String(traits.playing));
    this.#play.textContent = traits.playing ? '❚❚' : '▶';
    this.#play.setAttribute('aria-label', traits.playing ? 'Pause' : 'Play');
    this.#linked.checked = traits.linked;
    this.#matched.checked = traits.matched;
  }

  setActive(active: number): void {
    [...this.#names.children].forEach((one, number) =>
      one.setAttribute('aria-pressed', String(number === active))
    );
  }
}

function tick(text: string, told: (on: boolean) => void): [HTMLInputElement, HTMLElement] {
  const box = make('input', { type: 'checkbox' });
  box.addEventListener('change', () => told(box.checked));
  return [box, make('label', { class: 'astrodata-row' }, box, text)];
}
