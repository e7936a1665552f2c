/** Hands a file to the browser's downloads. */
import { make } from './dom';

export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = make('a', { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  // A browser may read it later than the click.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
