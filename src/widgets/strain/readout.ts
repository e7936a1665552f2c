/** The line under the panels: what lies under the pointer, or where the Q-transform peaks. */
import type { QMeta, RecordMeta } from '../../core/strain';
import { make } from '../common/dom';
import { short } from './numbers';

export interface Point {
  /** seconds of the record */
  readonly time?: number;
  /** Hz */
  readonly frequency?: number;
  /** The value there, as text. */
  readonly value: string;
}

export class Readout {
  readonly element = make('div', { class: 'astrodata-strain-status', role: 'status' });
  #record: RecordMeta | null = null;
  #peak: QMeta['peak'] = null;
  #point: Point | null = null;

  setRecord(record: RecordMeta): void {
    this.#record = record;
    this.#paint();
  }

  setPeak(peak: QMeta['peak']): void {
    this.#peak = peak;
    this.#paint();
  }

  /** @param point - null once the pointer left. */
  point(point: Point | null): void {
    this.#point = point;
    this.#paint();
  }

  #paint(): void {
    const record = this.#record;
    if (record) {
      this.element.textContent = this.#point
        ? this.#parts(this.#point).join('  |  ')
        : this.#idle(record);
    }
  }

  #parts({ time, frequency, value }: Point): string[] {
    return [
      ...(time === undefined ? [] : [this.#when(time)]),
      ...(frequency === undefined ? [] : [`${short(frequency, 3)} Hz`]),
      ...(value ? [value] : [])
    ];
  }

  #idle(record: RecordMeta): string {
    const about =
      `${record.name}: ${short(record.duration)} s at ${short(record.sample_rate, 6)} Hz` +
      (record.gps ? ` from GPS ${record.epoch}` : '');
    const peak = this.#peak;
    return peak
      ? `${about}  |  Q peak: energy ${short(peak.energy, 3)}, ${short(peak.frequency, 3)} Hz, ` +
          this.#when(peak.time)
      : about;
  }

  #when(time: number): string {
    const record = this.#record;
    const gps = record?.gps ? ` (GPS ${(record.epoch + time).toFixed(4)})` : '';
    return `${time.toFixed(4)} s${gps}`;
  }
}
