/** What is drawn over the picture: a line for each catalogue, which turns it off and on. */
import { table } from '../../../core/colormap';
import type { LayerFacts, Marker } from '../../../core/catalogue';
import { make } from '../../common/dom';
import { css, PALETTE } from '../../common/palette';
import { valueText } from '../../common/scale';
import type { Codes, Layer } from './layer';

const GLYPHS: Record<Marker, string> = {
  circle: '○',
  disc: '●',
  square: '□',
  diamond: '◇',
  cross: '✕',
  plus: '+'
};

export class Legend {
  readonly element = make('div', {
    class: 'astrodata-catalogue-legend',
    role: 'group',
    'aria-label': 'Catalogues over the image',
    hidden: true
  });
  readonly #toggled: (name: string, visible: boolean) => void;
  #said = '';

  constructor(toggled: (name: string, visible: boolean) => void) {
    this.#toggled = toggled;
  }

  show(facts: readonly LayerFacts[], layers: readonly Layer[]): void {
    const said = JSON.stringify([
      facts.map(one => ({ ...one, columns: 0, version: 0 })),
      layers.map(({ unplaced, beyond, colours, sizes }) => [
        unplaced,
        beyond,
        colours?.meta.column,
        sizes?.meta.column
      ])
    ]);
    if (said === this.#said) {
      return; // or a click on a line would meet another one
    }
    this.#said = said;
    const focused = [...this.element.querySelectorAll('button')].findIndex(
      one => one === document.activeElement
    );
    this.element.hidden = !facts.length;
    this.element.replaceChildren(
      ...facts.map(one =>
        this.#entry(
          one,
          layers.find(({ facts }) => facts.ident === one.ident)
        )
      )
    );
    this.element.querySelectorAll('button')[focused]?.focus({ preventScroll: true });
  }

  #entry(facts: LayerFacts, layer: Layer | undefined): HTMLElement {
    const glyph = make('i', { 'aria-hidden': 'true' }, GLYPHS[facts.marker]);
    glyph.style.color = facts.by ? 'inherit' : facts.color;
    const count = facts.where
      ? `${facts.matching.toLocaleString('en')} of ${facts.rows.toLocaleString('en')}`
      : facts.rows.toLocaleString('en');
    const line = make(
      'button',
      {
        type: 'button',
        'aria-pressed': String(facts.visible),
        title: `${facts.visible ? 'Hide' : 'Show'} ${facts.name}`
      },
      glyph,
      make('span', {}, facts.name),
      make('small', {}, count)
    );
    line.addEventListener('click', () => this.#toggled(facts.name, !facts.visible));
    const notes = layer && facts.visible ? notesOf(facts, layer) : [];
    return make('div', {}, line, ...notes);
  }
}

function notesOf(facts: LayerFacts, layer: Layer): HTMLElement[] {
  const { colours, sizes, unplaced, beyond } = layer;
  const found: HTMLElement[] = [];
  if (facts.selected) {
    const text = `${facts.selected.toLocaleString('en')} selected`;
    found.push(make('small', { class: 'astrodata-catalogue-chosen' }, text));
  }
  if (colours) {
    found.push(keyOf(facts, colours));
  }
  if (sizes) {
    const { column, low, high } = sizes.meta;
    found.push(make('small', {}, `size: ${column}, ${valueText(low)} to ${valueText(high)}`));
  }
  if (unplaced) {
    found.push(make('small', {}, `${unplaced.toLocaleString('en')} without a place here`));
  }
  if (beyond) {
    found.push(make('small', {}, `${beyond.toLocaleString('en')} too far away`));
  }
  return found;
}

function keyOf({ colormap }: LayerFacts, { meta }: Codes): HTMLElement {
  const name = make('span', {}, `${meta.column}:`);
  if (meta.kind === 'continuous') {
    const ramp = make('i', { class: 'astrodata-catalogue-ramp', 'aria-hidden': 'true' });
    const rgb = table(colormap);
    const stops = Array.from({ length: 16 }, (_, i) => css([...rgb.subarray(51 * i, 51 * i + 3)]));
    ramp.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
    const [low, high] = [valueText(meta.low), valueText(meta.high)];
    return make('small', { class: 'astrodata-catalogue-key' }, name, low, ramp, high);
  }
  const items = meta.categories.flatMap(({ name: category, count }, code) => {
    const patch = make('i', { 'aria-hidden': 'true' }, '■');
    patch.style.color = css(PALETTE[Math.min(code, PALETTE.length - 1)]);
    return [make('span', { title: `${count.toLocaleString('en')} rows` }, patch, category)];
  });
  return make('small', { class: 'astrodata-catalogue-key' }, name, ...items);
}
