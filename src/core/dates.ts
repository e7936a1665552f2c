/** Dates of a place: mirror of `widgets/scene_dates.py`, and which of them come next. */

/** One date as Python tells it. */
export interface SceneDate {
  readonly name: string;
  /** ISO, UTC; empty where it is not known. */
  readonly date: string;
  /** Share of cloud, 0 to 1; null where it is not known. */
  readonly cloud: number | null;
  readonly satellite: string;
  readonly level: string;
  /** By which its bands on show are asked for. */
  readonly hdu: number;
  /** Why it cannot show the bands of now, or empty. */
  readonly error: string;
}

export type Compare = '' | 'swipe' | 'side';

/** The synced traits about dates, named as in Python. */
export interface DateTraits {
  hdu: number;
  bands: readonly string[];
  dates: readonly SceneDate[];
  date: number;
  other: number | null;
  compare: Compare;
  swipe: number;
  max_cloud: number;
  dates_pace: number;
  play_dates: boolean;
}

export interface DateRequests {
  /** A small picture of a date as it would be on show; as bytes u1 of (rows, columns, 3), north up. */
  thumbnail: {
    msg: { date: number; size: number };
    meta: {
      readonly shape: readonly number[];
      readonly dtype: string;
      readonly date: number;
      readonly width: number;
      readonly height: number;
    };
  };
}

/** Gives the day of a date, or the name of a scene that has none. */
export function dayOf({ date, name }: SceneDate): string {
  return date.slice(0, 10) || name;
}

export function cloudText({ cloud }: SceneDate): string {
  return cloud === null ? '' : `${Math.round(100 * cloud)} %`;
}

/** Tells whether a date is stopped at: it is not too cloudy, and has the bands on show. */
export function isClear({ cloud, error }: SceneDate, most: number): boolean {
  return !error && (cloud === null || cloud <= most + 1e-9);
}

/** Gives the numbers of the dates that are stopped at. */
export function clearDates(dates: readonly SceneDate[], most: number): number[] {
  return dates.flatMap((one, number) => (isClear(one, most) ? number : []));
}

/** Gives the next clear date in a direction, null where there is none. */
export function nextClear(
  dates: readonly SceneDate[],
  from: number,
  step: 1 | -1,
  most: number
): number | null {
  for (let at = from + step; at >= 0 && at < dates.length; at += step) {
    if (isClear(dates[at], most)) {
      return at;
    }
  }
  return null;
}
