/** Which key does what. The classes' own keys come first; what they take, a command has other keys for. */
import type { ClassFacts } from '../../core/label';

export type Command =
  | 'next'
  | 'back'
  | 'undo'
  | 'redo'
  | 'skip'
  | 'note'
  | 'clear'
  | 'surer'
  | 'lessSure'
  | 'region'
  | 'shape'
  | 'help'
  | 'escape';

/** Keys as `KeyboardEvent.key` names them, the one to be shown first. */
const KEYS: readonly (readonly [Command, readonly string[], string])[] = [
  ['next', ['Enter', 'ArrowRight', ' '], 'next event'],
  ['back', ['ArrowLeft'], 'event before'],
  ['undo', ['u', 'Backspace'], 'undo'],
  ['redo', ['U', 'Shift+Backspace'], 'redo'],
  ['skip', ['s', 'ArrowDown'], 'skip: cannot say'],
  ['note', ['n', '/'], 'write a note (Enter or Escape ends it)'],
  ['clear', ['x', 'Delete'], 'take the label away'],
  ['surer', ['+', '='], 'more confident'],
  ['lessSure', ['-', '_'], 'less confident'],
  ['region', ['r', '#'], 'mark regions: drag, then a class key'],
  ['shape', ['p', '%'], 'box or polygon'],
  ['help', ['?'], 'these keys'],
  ['escape', ['Escape'], 'leave what is open']
];

const NAMES: Record<string, string> = {
  ArrowRight: '→',
  ArrowLeft: '←',
  ArrowDown: '↓',
  ' ': 'Space',
  U: 'Shift+u'
};

export type Meaning = { readonly class: string } | { readonly command: Command } | null;

export class Keymap {
  readonly #classes: readonly ClassFacts[];
  readonly #taken: ReadonlySet<string>;

  constructor(classes: readonly ClassFacts[]) {
    this.#classes = classes;
    this.#taken = new Set(classes.map(({ hotkey }) => hotkey).filter(Boolean));
  }

  /** Gives what a key means; with Ctrl, Alt or Cmd it is not ours. */
  meaning(
    event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>
  ): Meaning {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return null;
    }
    const { key } = event;
    const exact = this.#classes.find(({ hotkey }) => hotkey !== '' && hotkey === key);
    // With Caps Lock a letter comes as a capital one without Shift.
    const loose =
      exact ??
      (event.shiftKey
        ? undefined
        : this.#classes.find(({ hotkey }) => hotkey !== '' && hotkey === key.toLowerCase()));
    if (loose) {
      return { class: loose.name };
    }
    const named = event.shiftKey && key.length > 1 ? `Shift+${key}` : key;
    const plain = !event.shiftKey && key.length === 1 ? key.toLowerCase() : named;
    const found = KEYS.find(([, keys]) => keys.includes(plain) || keys.includes(named));
    return found ? { command: found[0] } : null;
  }

  /** Gives the keys of a command that no class has taken, as they are written. */
  keysOf(command: Command): string[] {
    const [, keys] = KEYS.find(([name]) => name === command)!;
    return keys.filter(key => !this.#taken.has(key)).map(key => NAMES[key] ?? key);
  }

  /** Gives what the help lists: keys and what they do. */
  get help(): [string, string][] {
    return [
      ...this.#classes
        .filter(({ hotkey }) => hotkey)
        .map(({ hotkey, name }): [string, string] => [hotkey, name]),
      ...KEYS.map(([command, , text]): [string, string] => [this.keysOf(command).join(', '), text])
    ];
  }
}
