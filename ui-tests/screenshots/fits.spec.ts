import { EXAMPLES } from '../tests/steps';
import { takePictures } from './pictures';

const SKY = `${EXAMPLES}/image_2mass_k_galactic_centre.fits`;
const VIEW = `adk.view('${SKY}', stretch='asinh', limits='99.5%', height=420`;

/** The pictures of docs/fits.md: what is shown by the last line of a cell. */
const PICTURES: Record<string, string> = {
  looking: `${VIEW}, colormap='inferno', graticule=True, histogram=True)`,
  regions: `from regions import CirclePixelRegion, EllipsePixelRegion, PixCoord
viewer = ${VIEW}, view={'x': 647, 'y': 547, 'zoom': 5})
viewer.regions = [CirclePixelRegion(PixCoord(647.5, 547.5), 8), EllipsePixelRegion(PixCoord(600, 530), 40, 20)]
viewer.selected = [0]
viewer`,
  contours: `viewer = ${VIEW}, view={'x': 560, 'y': 440, 'zoom': 4})
viewer.contours(levels=[700, 900, 1300], color='#ffb000')
viewer`,
  catalogue: `from photutils.detection import DAOStarFinder
viewer = ${VIEW}, view={'x': 360, 'y': 360, 'zoom': 1.4})
stars = DAOStarFinder(threshold=120, fwhm=3)(viewer.dataset.array[:] - 600)
catalogue = viewer.add_catalogue(stars, name='stars', color='mag', size=9)
viewer.select_rows('stars', stars['peak'] > 1500)
viewer.catalogue_panel = True
viewer`,
  frames: `frames = adk.FitsFrames('${EXAMPLES}/m13.fits', '${EXAMPLES}/m13_rice.fits', mode='swipe', stretch='asinh')
frames.viewers[1].colormap = 'magma'
frames`,
  colours: `gas = adk.open('${EXAMPLES}/cube_l1448_13co.fits')
parts = [adk.processing.cubes.moment(gas, 0, channels=part) for part in ([31, 40], [24, 30], [14, 23])]
adk.FitsViewer.rgb(*parts, limits='99.5%', height=420)`,
  cube: `cube = adk.view('${EXAMPLES}/cube_l1448_13co.fits', colormap='viridis', plane=26, spectra=True, spectral_unit='km/s', height=420)
cube.pinned = [{'x': 53, 'y': 50}]
cube.channel_range = [18, 36]
cube`,
  table: `curve = adk.view('${EXAMPLES}/table_tess_lightcurve_TIC25155310.fits', period=3.2888, epoch=1327.52)
curve`,
  spectrum: `quasar = adk.SpectrumViewer('${EXAMPLES}/spectrum_sdss_J2202.fits', redshift=2.5, smoothing='gaussian', width=3)
quasar`
};

/** Those that are figures, or that hold widgets. */
const OUTPUTS: Record<string, string> = {
  display: `from astropy.nddata import CCDData
from astropy.visualization import AsinhStretch, PercentileInterval
display = adk.ImageDisplay()
display.load_image('${SKY}', image_label='2MASS K')
display.load_image(CCDData.read('${EXAMPLES}/m13.fits', unit='adu'), image_label='M13')
display.set_stretch(AsinhStretch(), image_label='M13')
display.set_cuts(PercentileInterval(99), image_label='M13')
display.set_viewport(center=(150, 150), fov=140, image_label='M13')
display.viewers['M13'].graticule = True
display`,
  figure: `viewer = ${VIEW}, colormap='inferno', graticule=True, system='galactic', angles='degrees')
viewer.view = {'x': 500, 'y': 440, 'zoom': 2}
viewer.figure()`,
  pieces: `from photutils.detection import DAOStarFinder
ds = adk.open('${SKY}')
stars = DAOStarFinder(threshold=400, fwhm=3)(ds.array[:] - 600)
places = [[star['x_centroid'], star['y_centroid']] for star in stars]
pieces = adk.processing.raster.cutouts(ds, places, 32, edge='drop', scale='asinh')
labeller = adk.Labeller(pieces, 'labels', classes=['star', 'cloud'])
labeller`
};

takePictures('fits', PICTURES);
takePictures('fits', OUTPUTS, 'img, .widget-vbox, .astrodata-widget');
