// @vitest-environment jsdom
import { expect, it } from 'vitest';
import { ScenePart } from '../../../src/widgets/fits/scene/part';
import type { SceneContext } from '../../../src/widgets/fits/scene/traits';
import { Traits } from '../../../src/widgets/common/traits';
import { HOSTILE } from './fake';

const CHOICES = [
  { group: 'Colours', text: 'true colour 4-3-2', bands: ['B04', 'B03', 'B02'] },
  { group: 'Bands', text: 'B04', bands: ['B04'] },
  { group: 'Indices', text: 'NBR', bands: ['NBR'] }
];

/** A part on a model with some traits, and what Python says to it. */
function made(values: Record<string, unknown>) {
  const listeners = new Map<string, () => void>();
  const saved: unknown[] = [];
  const model = {
    get: (name: string) => values[name],
    set: (name: string, value: unknown) => void (values[name] = value),
    save_changes: () => void saved.push({ ...values }),
    on: (event: string, listener: () => void) => void listeners.set(event, listener),
    off: (event: string) => void listeners.delete(event)
  };
  const { signal } = new AbortController();
  const traits = new Traits(model as never, signal);
  const part = new ScenePart({ traits, signal } as unknown as SceneContext);
  const say = (name: string, value: unknown) => {
    values[name] = value;
    listeners.get(`change:${name}`)?.();
  };
  return { part, picker: part.tools.querySelector('select')!, say, values, saved };
}

const shown = (picker: HTMLSelectElement) => picker.selectedOptions[0]?.text;

it('offers colours, bands and indices, and tells which is on show', () => {
  const { part, picker, say } = made({ bands: ['B04', 'B03', 'B02'], choices: CHOICES });
  expect(part.tools.hidden).toBe(false);
  const groups = [...picker.querySelectorAll('optgroup')].map(({ label }) => label);
  expect(groups).toEqual(['Colours', 'Bands', 'Indices']);
  expect(shown(picker)).toBe('true colour 4-3-2');
  say('bands', ['NBR']);
  expect(shown(picker)).toBe('NBR');
});

it('tells Python the bands of what is picked', () => {
  const { picker, values, saved } = made({ bands: ['NBR'], choices: CHOICES });
  picker.selectedIndex = 0;
  picker.dispatchEvent(new Event('change'));
  expect(values.bands).toEqual(['B04', 'B03', 'B02']);
  expect(saved).toHaveLength(1);
});

it('shows what no list has, as text', () => {
  const { picker } = made({ bands: [HOSTILE], choices: CHOICES });
  expect(shown(picker)).toBe(HOSTILE);
  expect(picker.querySelector('img')).toBeNull();
  expect(picker.options).toHaveLength(4);
});
