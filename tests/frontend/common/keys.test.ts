// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import { keepKeys } from '../../../src/widgets/common/keys';
import { press } from './page';

describe('Keys inside a viewer', () => {
  it('keeps Enter in an input from JupyterLab, which would take the change back', () => {
    const [root, page] = [document.createElement('div'), vi.fn()];
    const [input, canvas] = [document.createElement('input'), document.createElement('canvas')];
    root.append(input, canvas);
    document.body.append(root);
    document.addEventListener('keydown', page);
    const own = vi.fn();
    keepKeys(root);
    root.addEventListener('keydown', own);
    press(input, 'Enter');
    expect([own.mock.calls.length, page.mock.calls.length]).toEqual([1, 0]);
    // All else goes on: the mark keeps plain keys from shortcuts, and those with Ctrl are JupyterLab's.
    press(input, 'a');
    press(canvas, 'Enter');
    press(input, 'Enter', { ctrlKey: true });
    expect(page).toHaveBeenCalledTimes(3);
    document.removeEventListener('keydown', page);
    root.remove();
  });
});
