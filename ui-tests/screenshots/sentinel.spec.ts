import { EXAMPLES } from '../tests/steps';
import { takePictures } from './pictures';

/** Farmland before and after the rains: two dates of one place. */
const DATES = `scenes = adk.open_scenes('${EXAMPLES}/sentinel2_43RCP', offset=0, scale=1e-4)
viewer = adk.view(scenes, height=380`;

/** The pictures of docs/sentinel.md: what is shown by the last line of a cell. */
takePictures('sentinel', {
  looking: `scene = adk.open('${EXAMPLES}/sentinel2_29RKH')
viewer = adk.view(scene, bands='(B11 - B8A) / (B11 + B8A)', colormap='inferno', limits='99%', height=420)
viewer`,
  dates: `${DATES}, bands=['B11', 'B08', 'B04'])
viewer.show_date(0)
viewer.compare_with(1, 'swipe')
viewer`,
  masks: `${DATES}, preset='false')
viewer.show_mask(viewer.scene.index('NDVI')[:] > 0.5, 'crops', color='#ffd60a')
viewer.set_overlay('crops', opacity=0.35)
viewer.edit_mask('crops')
viewer.paint([(120, 150), (150, 120), (190, 140)], size=9)
viewer.masks_panel = True
viewer`,
  pixels: `${DATES}, bands='NDVI', colormap='viridis')
viewer.series_indices = ['NDVI', 'NDMI', 'NBR']
viewer.pixels = [[60, 40], [150, 180]]
viewer.pixel_panel = True
viewer`
});

takePictures(
  'sentinel',
  {
    map: `scene = adk.open_scenes('${EXAMPLES}/sentinel2_43RCP', offset=0, scale=1e-4)[1]
adk.reports.scene_map(scene, 'true', mask=(scene.index('NDVI')[:] > 0.6), mask_name='crops',
                      title='Farmland in the Punjab, after the rains', size=7)`
  },
  'img'
);
