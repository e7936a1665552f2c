import { expect, galata, test } from '@jupyterlab/galata';
import { EXAMPLES, dropFromDesktop, fileOf, openPanel } from './steps';

const LANGUAGE = '@jupyterlab/translation-extension:plugin';

test.use({
  mockSettings: { ...galata.DEFAULT_SETTINGS, [LANGUAGE]: { locale: 'it_IT' } }
});

test('The panel, its menus and its settings are Italian where JupyterLab is', async ({ page }) => {
  const panel = await openPanel(page);
  if (await page.contents.directoryExists('astrodata')) {
    await page.contents.deleteDirectory('astrodata');
    await panel.getByRole('button', { name: 'Aggiorna' }).click();
  }
  for (const name of ['Dataset', 'Calcolo', 'Esecuzioni', 'Modelli', 'Etichette']) {
    await expect(panel.getByRole('region', { name, exact: true })).toBeVisible();
  }
  await expect(panel).toContainText('Trascina qui i dati');
  await expect(panel).toContainText('Qui non è stata ancora eseguita nessuna pipeline.');

  await dropFromDesktop(panel, [fileOf(EXAMPLES, 'm13.fits')]);
  const row = panel.getByRole('listitem').filter({ hasText: 'm13' });
  await expect(row).toContainText('immagine');
  await row.getByRole('button', { name: 'Azioni per m13' }).click();
  await expect(page.getByRole('menuitem', { name: 'Apri nel notebook' })).toBeVisible();
  await page.keyboard.press('Escape');

  await page.evaluate(() =>
    window.jupyterapp.commands.execute('settingeditor:open', { query: 'AstroData' })
  );
  const settings = page.locator('.jp-SettingsPanel, .jp-PluginList').locator('visible=true');
  await expect(settings.filter({ hasText: 'Cartella per i caricamenti' })).toBeVisible();
});
