import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IAdvice } from '../handshake/advice';
import { adviceNode } from '../handshake/commandNode';

/** What to do about a half that is missing or does not fit. It blocks nothing. */
export function Advice(props: {
  readonly advice: IAdvice;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { advice, trans } = props;
  const place = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => {
    place.current?.replaceChildren(adviceNode(advice, trans));
  }, [advice, trans]);
  return <div ref={place} className="jp-astrodata-lab-advised" role="status" />;
}
