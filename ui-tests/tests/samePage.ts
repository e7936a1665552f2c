import { type IJupyterLabPageFixture, galata, test as base } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';

/** A page that outlives the tests of a worker: JupyterLab loads in it once, which takes as long as many a test. */
interface ILasting {
  readonly page: Page;
  isLoaded: boolean;
}

/** The events that tests listen to. */
const EVENTS = [
  'console',
  'dialog',
  'download',
  'pageerror',
  'popup',
  'request',
  'response'
] as const;

/**
 * Tests of viewers in notebooks, one after the other in the same page. Each has a folder, a launcher and kernels of
 * its own, and ends with all that it opened closed. What is about the page itself takes Galata's own `test`.
 */
export const test = base.extend<object, { lasting: ILasting }>({
  lasting: [
    async ({ browser }, use, { project }) => {
      const { acceptDownloads, viewport } = project.use;
      const context = await browser.newContext({ acceptDownloads, viewport });
      const lasting = { page: await context.newPage(), isLoaded: false };
      await use(lasting);
      await context.close();
    },
    { scope: 'worker' }
  ],
  page: async (
    {
      appPath,
      baseURL,
      kernels,
      lasting,
      mockConfig,
      mockSettings,
      mockState,
      mockUser,
      sessions,
      terminals,
      tmpPath,
      waitForApplication
    },
    use
  ) => {
    const { isLoaded, page } = lasting;
    // What Galata answers instead of the server was told to the page once; only kernels are those of the test.
    const lab = await galata.initTestPage(
      appPath,
      !isLoaded,
      baseURL!,
      isLoaded ? false : mockConfig,
      isLoaded ? false : mockSettings,
      isLoaded ? false : mockState,
      isLoaded ? false : mockUser,
      page,
      sessions,
      terminals,
      tmpPath,
      waitForApplication,
      kernels
    );
    if (isLoaded) {
      await lab.filebrowser.openDirectory(tmpPath);
    }
    lasting.isLoaded = true;
    await use(lab);
    await tidy(lab);
    for (const route of [galata.Routes.kernels, galata.Routes.sessions, galata.Routes.terminals]) {
      await page.unroute(route);
    }
  }
});

/** Leave the page as it was before the test. */
async function tidy(lab: IJupyterLabPageFixture): Promise<void> {
  for (const event of EVENTS) {
    lab.removeAllListeners(event);
  }
  await lab.evaluate(async () => {
    const { commands, serviceManager, shell } = window.jupyterapp;
    // Not as a person closes them: they would be asked whether to save.
    [...shell.widgets('main')].forEach(one => one.dispose());
    await serviceManager.sessions.shutdownAll();
    await commands.execute('launcher:create');
    localStorage.clear();
  });
  await lab.context().clearPermissions();
  await lab.setViewportSize({ width: 1280, height: 800 });
  await lab.theme.setLightTheme();
  await lab.sidebar.openTab('filebrowser');
  // Out of the folder before it goes: the file browser would say that it is not found, over all of the page.
  await lab.filebrowser.openHomeDirectory();
  await lab.mouse.move(0, 0);
}
