/** The bundle of `astrodata_kernel.SceneViewer`: the image viewer with the parts of a scene. */
import { widgetOf } from '../common/start';
import '../fits/style.css';
import { sceneParts } from '../fits/scene/index';
import type { SceneContext, SceneTraits } from '../fits/scene/traits';
import { FitsView } from '../fits/view';

export default widgetOf<SceneTraits>(
  (model, el, signal, rebuild) =>
    new FitsView(model, el, signal, rebuild, null, context =>
      // The widget is a SceneViewer, whose traits these are.
      sceneParts(context as SceneContext)
    )
);
