import { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

/** A button that is an icon alone; its label is told to those who listen, and to those who hover. */
export function IconButton(props: {
  icon: LabIcon;
  label: string;
  disabled?: boolean;
  onClick: () => void;
}): JSX.Element {
  return (
    <button
      type="button"
      className="jp-astrodata-lab-iconButton"
      aria-label={props.label}
      title={props.label}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <props.icon.react tag="span" width="16px" height="16px" />
    </button>
  );
}
