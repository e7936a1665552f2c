/** Puts a text on the clipboard, on pages that are not served by https too. */
import { make } from './dom';

/** @returns Whether the browser let it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make('textarea', { 'aria-hidden': 'true' });
    area.style.cssText = 'position: fixed; opacity: 0';
    area.value = text;
    document.body.append(area);
    area.select();
    try {
      return document.execCommand('copy');
    } finally {
      area.remove();
    }
  }
}

/** Puts a text on the clipboard, and gives what to say of it. */
export async function copyAndSay(text: string): Promise<string> {
  return (await copyText(text)) ? 'Copied.' : 'The browser does not let the page copy.';
}
