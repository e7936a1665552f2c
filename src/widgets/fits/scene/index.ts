/** The parts of a viewer of satellite scenes. */
import type { OwnParts } from '../parts';
import { AreasPart } from './areas/part';
import { BasemapPart } from './basemap';
import { DatesPart } from './dates/part';
import { MasksPart } from './masks';
import { ScenePart } from './part';
import { PixelsPart } from './pixels/part';
import type { SceneContext } from './traits';
import { TranscodingPart } from './transcoding';

export function sceneParts(context: SceneContext): OwnParts {
  const dates = new DatesPart(context);
  const masks = new MasksPart(context, dates);
  return {
    below: [
      masks.keys,
      new ScenePart(context),
      new BasemapPart(context),
      dates,
      new TranscodingPart(context, () => dates.sharpen()),
      masks,
      new PixelsPart(context)
    ],
    above: [new AreasPart(context), masks.hand]
  };
}
