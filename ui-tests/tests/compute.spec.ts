import { expect, test } from '@jupyterlab/galata';
import { newNotebook, openPanel, startCell } from './steps';

// Busy in Python until a file is there, with memory that only a look during the loop can see.
const BUSY = `
import os, time
kept = bytearray(400_000_000); kept[::4096] = b'x' * len(kept[::4096])
end = time.time() + 60
while time.time() < end and not os.path.exists('stop'): sum(range(1000))
del kept; print('the loop is', 'over')`;

test('The Compute section follows the kernel, and clusters are cells that one sees', async ({
  page,
  tmpPath
}) => {
  const panel = await openPanel(page);
  const section = panel.getByRole('region', { name: 'Compute' });
  await expect(section.getByText(/^Open a notebook/)).toBeVisible();

  await newNotebook(page);
  await expect(section.getByText(/^The toolkit is not loaded in the kernel of /)).toBeVisible();
  await section.getByRole('button', { name: 'Load it' }).click();
  const cells = page.locator('.jp-Notebook .jp-CodeCell');
  await expect(cells.first()).toContainText('import astrodata_kernel as adk');
  const memory = section.getByRole('meter', { name: 'Memory' });
  await expect(memory).toHaveAttribute('aria-valuetext', /B of .*B, this kernel /);
  await expect(section.getByRole('meter', { name: 'CPU' })).toHaveAttribute(
    'aria-valuetext',
    /^[0-9.]+ of [0-9.]+ cores/
  );
  await expect(section.getByRole('meter', { name: 'Disk' })).toBeVisible();
  await expect(section.getByText(/^No GPU is here/)).toBeVisible();

  await startCell(page, BUSY);
  await expect(memory).toHaveAttribute(
    'aria-valuetext',
    /this kernel (4[0-9]{2}|[5-9][0-9]{2}) MB/
  );
  await expect(page.getByText('the loop is over')).toHaveCount(0);
  await expect(page.getByText('| Busy').first()).toBeVisible();
  await page.contents.uploadContent('', 'text', `${tmpPath}/stop`);
  await expect(page.getByText('the loop is over')).toHaveCount(1);

  await section.getByRole('button', { name: 'Start cluster…' }).click();
  const form = section.getByRole('form', { name: 'Start a cluster' });
  await expect(form.getByLabel('Where it runs')).toBeFocused();
  await form.getByLabel('Workers').fill('1');
  await page.keyboard.press('Enter');
  await expect(cells.filter({ hasText: 'adk.compute.cluster("local", 1)' })).toHaveCount(1);
  const cluster = section.getByRole('group', { name: 'Cluster local' });
  await expect(cluster.getByText('1 worker', { exact: true })).toBeVisible({ timeout: 60000 });
  await expect(cluster.getByRole('link', { name: 'Dashboard' })).toHaveAttribute(
    'href',
    /\/status$/
  );

  await cluster.getByLabel('Number of workers').fill('2');
  await cluster.getByRole('button', { name: 'Scale' }).click();
  await expect(cells.filter({ hasText: 'cluster.scale(2)' })).toHaveCount(1);
  await expect(cluster.getByText('2 workers')).toBeVisible({ timeout: 60000 });
  await expect(cluster.getByRole('list', { name: 'Workers' }).getByRole('listitem')).toHaveCount(2);

  await cluster.getByRole('button', { name: 'Stop cluster' }).click();
  await expect(cells.filter({ hasText: 'cluster.close()' })).toHaveCount(1);
  await expect(section.getByRole('button', { name: 'Start cluster…' })).toBeVisible();
  await expect(cluster).toHaveCount(0);
});
