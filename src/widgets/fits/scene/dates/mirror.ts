/** Regions and pinned pixels over the second of two pictures, drawn as they are over the first one. */
import type { Size } from '../../../../core/geometry';
import { make } from '../../../common/dom';

const DRAWN = '.astrodata-fits-regions, .astrodata-scene-markers';

export class Mirror {
  readonly element = make('div', {
    class: 'astrodata-fits-mirror',
    'aria-hidden': 'true',
    inert: true
  });

  /**
   * @param stage - With what lies over the first picture.
   * @param from - Of the first picture; what lies over it is placed by its middle.
   */
  show(stage: Element, from: Size, to: Size): void {
    Object.assign(this.element.style, {
      left: `${(to.width - from.width) / 2}px`,
      top: `${(to.height - from.height) / 2}px`,
      width: `${from.width}px`,
      height: `${from.height}px`
    });
    const drawn = [...stage.querySelectorAll(DRAWN)];
    this.element.replaceChildren(...drawn.map(one => one.cloneNode(true)));
  }
}
