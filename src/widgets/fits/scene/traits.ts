/** What a viewer of satellite scenes has besides what all image viewers have. */
import type { DateRequests, DateTraits } from '../../../core/dates';
import type { FitsRequests, FitsTraits } from '../../../core/protocol';
import type { Requester } from '../../../core/request';
import type { Traits } from '../../common/traits';
import type { PartContext } from '../part';
import type { AreaRequests, AreaTraits } from './areas/wire';
import type { BasemapRequests, BasemapTraits } from './basemap';
import type { MaskRequests, MaskTraits } from './masks/facts';
import type { PixelRequests, PixelTraits } from './pixels/wire';
import type { TranscodingRequests } from './transcoding';

/** One thing that the viewer offers to show. */
export interface SceneChoice {
  readonly group: string;
  readonly text: string;
  readonly bands: readonly string[];
}

/** The synced traits of SceneViewer, named as in Python. */
export interface SceneTraits
  extends FitsTraits, DateTraits, PixelTraits, AreaTraits, MaskTraits, BasemapTraits {
  bands: readonly string[];
  choices: readonly SceneChoice[];
}

/** What SceneViewer answers. */
export interface SceneRequests
  extends
    FitsRequests,
    DateRequests,
    PixelRequests,
    AreaRequests,
    MaskRequests,
    BasemapRequests,
    TranscodingRequests {}

export type SceneRequester = Requester<SceneRequests>;

/** What the viewer lends the parts of a scene. */
export interface SceneContext extends PartContext {
  readonly traits: Traits<SceneTraits>;
}

/** Tells whether traits are those of a SceneViewer, which alone offers bands. */
export function hasScene(traits: Traits<FitsTraits>): traits is Traits<SceneTraits> {
  return traits.has('choices');
}
