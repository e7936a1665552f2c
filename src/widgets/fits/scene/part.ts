/** The picker of what is shown of a satellite scene: colours of three bands, one band, or an index. */
import { field, make } from '../../common/dom';
import type { Traits } from '../../common/traits';
import type { Part } from '../part';
import './style.css';
import type { SceneChoice, SceneContext, SceneTraits } from './traits';

/** What no name of a band has in it. */
const BETWEEN = '\n';

export class ScenePart implements Part {
  readonly tools: HTMLElement;
  readonly #traits: Traits<SceneTraits>;
  readonly #picker = make('select', { 'aria-label': 'Bands' });

  constructor(context: SceneContext) {
    this.#traits = context.traits;
    this.#picker.addEventListener('change', () =>
      this.#traits.write({ bands: this.#picker.value.split(BETWEEN) })
    );
    this.tools = make('div', { class: 'astrodata-fits-scene' }, field('Bands', this.#picker));
    this.#traits.follow(['bands', 'choices'], () => this.#show());
    this.#show();
  }

  #show(): void {
    const [bands, choices] = [this.#traits.get('bands'), this.#traits.get('choices')];
    const value = bands.join(BETWEEN);
    const known = choices.some(choice => choice.bands.join(BETWEEN) === value);
    // Python may show what no list has, such as a formula.
    const own = known ? [] : [{ group: 'Others', text: bands.join(' '), bands }];
    this.#picker.replaceChildren(...grouped([...own, ...choices]));
    this.#picker.value = value;
  }
}

function grouped(choices: readonly SceneChoice[]): HTMLElement[] {
  const groups = new Map<string, HTMLElement>();
  for (const { group, text, bands } of choices) {
    const element = groups.get(group) ?? make('optgroup', { label: group });
    element.append(make('option', { value: bands.join(BETWEEN) }, text));
    groups.set(group, element);
  }
  return [...groups.values()];
}
