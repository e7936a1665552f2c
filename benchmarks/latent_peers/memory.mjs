/** What the page holds: JavaScript's heap with the bytes of arrays, and the browser's processes. */
import { readFileSync } from 'node:fs';

export async function memoryOf(browser, session) {
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize = 0 } = await session.send('Runtime.getHeapUsage');
  const whole = await browser.newBrowserCDPSession();
  const { processInfo } = await whole.send('SystemInfo.getProcessInfo');
  await whole.detach();
  const resident = type =>
    Math.max(0, ...processInfo.filter(one => one.type === type).map(one => megabytes(one.id)));
  return {
    heap: (usedSize + backingStorageSize) / 1e6,
    renderer: resident('renderer'),
    gpu: resident('GPU')
  };
}

function megabytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1e3;
}
