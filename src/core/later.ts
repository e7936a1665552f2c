/** What a kernel says of an answer that takes longer. */

/** It is still being made: ask again. */
export interface Later {
  readonly ready: false;
  /** 0 to 1 */
  readonly progress: number;
  /** Such as `drawing`. */
  readonly doing: string;
}

export type Soon<Meta> = Later | ({ readonly ready: true } & Meta);
