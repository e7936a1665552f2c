/** The controls of a cube in the toolbar: play, polarisation, unit, and the switch of the spectra. */
import { PLAY_ORDERS, plainUnit, type CubeFacts, type PlayOrder } from '../../../core/cubes';
import { button, field, make, select, setChoices } from '../../common/dom';

export interface ControlHooks {
  play(on: boolean): void;
  step(by: number): void;
  speed(channels: number): void;
  order(order: PlayOrder): void;
  stokes(number: number): void;
  unit(unit: string): void;
  spectra(on: boolean): void;
  back(): void;
  saveMap(): void;
}

const SPEEDS = [1, 2, 4, 8, 15, 30, 60];

export class CubeControls {
  readonly element: HTMLElement;
  readonly #cube: HTMLElement;
  readonly #map: HTMLElement;
  readonly #play: HTMLButtonElement;
  readonly #speed: HTMLSelectElement;
  readonly #order: HTMLSelectElement;
  readonly #stokes: HTMLSelectElement;
  readonly #stokesField: HTMLElement;
  readonly #unit: HTMLSelectElement;
  readonly #unitField: HTMLElement;
  readonly #spectra: HTMLButtonElement;

  constructor(hooks: ControlHooks) {
    const pressed = (element: HTMLElement) => element.getAttribute('aria-pressed') === 'true';
    this.#play = button('▶', 'Play', 'Play the channels (space)', () =>
      hooks.play(!pressed(this.#play))
    );
    this.#play.setAttribute('aria-pressed', 'false');
    this.#speed = select('Channels a second', [], value => hooks.speed(Number(value)));
    this.#order = select(
      'Order of play',
      PLAY_ORDERS.map(value => ({ value, text: value })),
      hooks.order
    );
    this.#stokes = select('Stokes', [], value => hooks.stokes(Number(value)));
    this.#stokesField = field('Stokes', this.#stokes);
    this.#unit = select('Spectral unit', [], hooks.unit);
    this.#unitField = field('Spectral unit', this.#unit);
    this.#spectra = button(
      'Spectra',
      'Spectra',
      'The spectrum under the pointer, moments and slices (z)',
      () => hooks.spectra(!pressed(this.#spectra))
    );
    this.#spectra.setAttribute('aria-pressed', 'false');
    const row = (...children: HTMLElement[]) =>
      make('span', { class: 'astrodata-row' }, ...children);
    this.#cube = make(
      'div',
      { class: 'astrodata-fits-cube-tools', role: 'group', 'aria-label': 'Cube' },
      make(
        'div',
        { class: 'astrodata-field' },
        make('span', {}, 'Channels'),
        row(
          button('‹', 'Previous channel', 'The channel before ([ or Page Up)', () =>
            hooks.step(-1)
          ),
          this.#play,
          button('›', 'Next channel', 'The next channel (] or Page Down)', () => hooks.step(1)),
          this.#speed,
          this.#order
        )
      ),
      this.#stokesField,
      this.#unitField,
      this.#spectra
    );
    this.#map = make(
      'div',
      { class: 'astrodata-buttons', role: 'group', 'aria-label': 'Moment map' },
      button('Back to the cube', 'Back to the cube', 'The cube, where it was left', hooks.back),
      button('Save map', 'Save map', 'The whole map as a FITS file, with its WCS', hooks.saveMap)
    );
    this.element = make('div', { class: 'astrodata-fits-cube-controls' }, this.#cube, this.#map);
    this.setCube(null, null, false);
  }

  /** @param map - Whether a moment map is on show, from which there is a way back. */
  setCube(cube: CubeFacts | null, stokes: number | null, map: boolean): void {
    this.#cube.hidden = !cube;
    this.#map.hidden = !map;
    this.element.hidden = !cube && !map;
    const poles = cube?.polarisations ?? [];
    this.#stokesField.hidden = poles.length < 2 || cube?.stokes_axis === cube?.channel_axis;
    if (this.#stokes.options.length !== poles.length) {
      setChoices(
        this.#stokes,
        poles.map((text, number) => ({ value: String(number), text }))
      );
    }
    this.#stokes.value = String(stokes ?? 0);
    this.#unitField.hidden = !cube?.units.length;
  }

  /** @param unit - The trait: empty for the cube's own. */
  setUnit(cube: CubeFacts, unit: string): void {
    const units = unit && !cube.units.includes(unit) && unit !== 'channel' ? [unit] : [];
    setChoices(this.#unit, [
      { value: '', text: "cube's own" },
      ...[...units, ...cube.units].map(value => ({ value, text: plainUnit(value) })),
      { value: 'channel', text: 'channel' }
    ]);
    this.#unit.value = unit;
  }

  setPlay(playing: boolean, speed: number, order: PlayOrder): void {
    this.#play.textContent = playing ? '❚❚' : '▶';
    this.#play.setAttribute('aria-pressed', String(playing));
    this.#play.setAttribute('aria-label', playing ? 'Pause' : 'Play');
    const speeds = SPEEDS.includes(speed) ? SPEEDS : [...SPEEDS, speed].sort((a, b) => a - b);
    if (this.#speed.options.length !== speeds.length || this.#speed.value !== String(speed)) {
      setChoices(
        this.#speed,
        speeds.map(value => ({ value: String(value), text: `${value}/s` }))
      );
      this.#speed.value = String(speed);
    }
    this.#order.value = order;
  }

  setSpectra(shown: boolean): void {
    this.#spectra.setAttribute('aria-pressed', String(shown));
  }
}
