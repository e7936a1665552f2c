import { closeIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** Characters of a name or tag, as astrodata_kernel/catalog takes them. */
const LONGEST = 200;

/** What a form does with a key that no form element has taken. */
function onEscape(done: () => void): (event: React.KeyboardEvent) => void {
  return event => {
    // Neither the list nor JupyterLab's shortcuts hear what is typed here.
    event.stopPropagation();
    if (event.key === 'Escape') {
      event.preventDefault();
      done();
    }
  };
}

/** A field for another name of a dataset. */
export function RenameForm(props: {
  readonly name: string;
  readonly trans: TranslationBundle;
  /** Gives why it cannot have that name; with that name it is another row. */
  readonly onRename: (to: string) => Promise<string>;
  readonly onDone: () => void;
}): JSX.Element {
  const { name, trans, onRename, onDone } = props;
  const [to, setTo] = React.useState(name);
  const [refusal, setRefusal] = React.useState('');
  const input = React.useRef<HTMLInputElement>(null);
  const problem = React.useId();
  React.useEffect(() => input.current?.select(), []);
  const submit = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    if (to.trim() === name) {
      onDone();
    } else {
      setRefusal(await onRename(to.trim()));
    }
  };
  return (
    <form
      className="jp-astrodata-lab-rowForm"
      aria-label={trans.__('Rename %1', name)}
      onKeyDown={onEscape(onDone)}
      onSubmit={event => void submit(event)}
    >
      <input
        ref={input}
        autoFocus
        className="jp-astrodata-lab-input"
        aria-label={trans.__('New name')}
        aria-invalid={refusal !== ''}
        aria-describedby={problem}
        maxLength={LONGEST}
        value={to}
        onChange={event => setTo(event.target.value)}
      />
      <span className="jp-astrodata-lab-buttons">
        <button
          type="submit"
          className="jp-astrodata-lab-button jp-mod-plain jp-mod-accept"
          disabled={to.trim() === ''}
        >
          {trans.__('Rename')}
        </button>
        <button type="button" className="jp-astrodata-lab-button jp-mod-plain" onClick={onDone}>
          {trans.__('Cancel')}
        </button>
      </span>
      <p id={problem} className="jp-astrodata-lab-state" role="alert">
        {refusal}
      </p>
    </form>
  );
}

/** The tags of a dataset, each with a button that takes it off, and a field for more. */
export function TagsForm(props: {
  readonly name: string;
  readonly tags: readonly string[];
  /** Tags of other datasets, to be offered. */
  readonly known: readonly string[];
  readonly trans: TranslationBundle;
  /** Gives why it cannot have these tags, or nothing. */
  readonly onRetag: (tags: readonly string[]) => Promise<string>;
  readonly onDone: () => void;
}): JSX.Element {
  const { name, tags, trans, onRetag, onDone } = props;
  const [text, setText] = React.useState('');
  const [refusal, setRefusal] = React.useState('');
  const input = React.useRef<HTMLInputElement>(null);
  const [known, problem] = [React.useId(), React.useId()];
  const keep = async (to: readonly string[]): Promise<void> => {
    const said = await onRetag(to);
    setRefusal(said);
    if (!said) {
      setText('');
    }
    input.current?.focus();
  };
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    const tag = text.trim();
    if (tag === '') {
      onDone();
    } else {
      void keep(tags.includes(tag) ? tags : [...tags, tag]);
    }
  };
  return (
    <form
      className="jp-astrodata-lab-rowForm"
      aria-label={trans.__('Tags of %1', name)}
      onKeyDown={onEscape(onDone)}
      onSubmit={submit}
    >
      {tags.length > 0 ? (
        <span className="jp-astrodata-lab-chips">
          {tags.map(tag => (
            <span key={tag} className="jp-astrodata-lab-chip">
              <span className="jp-astrodata-lab-of">{tag}</span>
              <button
                type="button"
                className="jp-astrodata-lab-chipRemove"
                aria-label={trans.__('Remove the tag %1', tag)}
                onClick={() => void keep(tags.filter(one => one !== tag))}
              >
                <closeIcon.react tag="span" width="12px" height="12px" />
              </button>
            </span>
          ))}
        </span>
      ) : null}
      <input
        ref={input}
        autoFocus
        className="jp-astrodata-lab-input"
        aria-label={trans.__('Add a tag')}
        placeholder={trans.__('Add a tag')}
        aria-describedby={problem}
        list={known}
        maxLength={LONGEST}
        value={text}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Backspace' && text === '' && tags.length > 0) {
            void keep(tags.slice(0, -1));
          }
        }}
      />
      <datalist id={known}>
        {props.known
          .filter(tag => !tags.includes(tag))
          .map(tag => (
            <option key={tag} value={tag} />
          ))}
      </datalist>
      <span className="jp-astrodata-lab-buttons">
        <button type="submit" className="jp-astrodata-lab-button jp-mod-plain">
          {text.trim() ? trans.__('Add') : trans.__('Done')}
        </button>
      </span>
      <p id={problem} className="jp-astrodata-lab-state" role="alert">
        {refusal}
      </p>
    </form>
  );
}
