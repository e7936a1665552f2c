// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from 'vitest';
import { followTheme } from '../../../src/widgets/common/theme';

const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
const mutated = () =>
  new Promise(resolve => queueMicrotask(() => queueMicrotask(() => resolve(0))));

describe('Another theme', () => {
  afterEach(() => document.body.removeAttribute('data-jp-theme-light'));

  it('is followed in the next frame, once, when JupyterLab shows what it has again', async () => {
    const [changed, end] = [vi.fn(), new AbortController()];
    followTheme(changed, end.signal);
    document.body.dataset['jpThemeLight'] = 'false';
    await mutated();
    document.body.dataset['jpThemeName'] = 'JupyterLab Dark';
    await mutated();
    expect(changed).not.toHaveBeenCalled();
    await frame();
    expect(changed).toHaveBeenCalledTimes(1);
    end.abort();
  });

  it('is followed no longer once the viewer ended', async () => {
    const [changed, end] = [vi.fn(), new AbortController()];
    followTheme(changed, end.signal);
    document.body.dataset['jpThemeLight'] = 'true';
    await mutated();
    end.abort();
    await frame();
    document.body.dataset['jpThemeLight'] = 'false';
    await frame();
    expect(changed).not.toHaveBeenCalled();
  });
});
