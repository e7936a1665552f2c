/** What uPlot asks of the browser as soon as it is imported. */
globalThis.matchMedia ??= (() => ({
  matches: false,
  addEventListener: () => undefined,
  removeEventListener: () => undefined
})) as never;
