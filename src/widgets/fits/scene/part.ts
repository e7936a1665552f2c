/** The picker of what is shown of a satellite scene: colours of three bands, one band, or an index. */
import { field, make } from '../../common/dom';
import type { Traits } from '../../common/traits';
import type { Part, PartContext } from '../part';
import './style.css';

/** One thing that the viewer offers to show. */
export interface SceneChoice {
  readonly group: string;
  readonly text: string;
  readonly bands: readonly string[];
}

/** The synced traits of SceneViewer besides those of FitsViewer, named as in Python. */
interface SceneTraits {
  bands: readonly string[];
  choices: readonly SceneChoice[];
}

/** What no name of a band has in it. */
const BETWEEN = '\n';

/** Stays out of sight in a viewer of anything but scenes. */
export class ScenePart implements Part {
  readonly tools: HTMLElement;
  readonly #traits: Traits<SceneTraits>;
  readonly #picker = make('select', { 'aria-label': 'Bands' });

  constructor(context: PartContext) {
    // A viewer of other images has none of these traits; they read as undefined there.
    this.#traits = context.traits as unknown as Traits<SceneTraits>;
    this.#picker.addEventListener('change', () =>
      this.#traits.write({ bands: this.#picker.value.split(BETWEEN) })
    );
    this.tools = make('div', { class: 'astrodata-fits-scene' }, field('Bands', this.#picker));
    this.#traits.follow(['bands', 'choices'], () => this.#show());
    this.#show();
  }

  #show(): void {
    const bands = this.#traits.get('bands') as readonly string[] | undefined;
    this.tools.hidden = !bands;
    if (!bands) {
      return;
    }
    const choices = this.#traits.get('choices') ?? [];
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
