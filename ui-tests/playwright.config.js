const base = require('@jupyterlab/galata/lib/playwright-config');

const port = Number(process.env.ASTRODATA_TEST_PORT || 8888);
process.env.ASTRODATA_TEST_PORT = String(port);

// A server for each worker, with a folder of its own: tests of one server take turns, as its catalogue and its
// runs are seen by all of them. A worker reads this file too, and is told its number.
const WORKERS = 2;
const own = port + Number(process.env.TEST_PARALLEL_INDEX || 0);

module.exports = {
  ...base,
  testDir: './tests',
  timeout: 120000,
  expect: { timeout: 20000 },
  workers: WORKERS,
  retries: process.env.CI ? 1 : 0,
  reporter: [['list']],
  use: {
    ...base.use,
    baseURL: `http://localhost:${own}`,
    viewport: { width: 1280, height: 800 },
    acceptDownloads: true,
    // Recording needs an ffmpeg that only Playwright's own download brings.
    video: 'off',
    screenshot: 'only-on-failure',
    // Recording costs as much as the test: where one failed, its second run is recorded.
    trace: 'on-first-retry',
    launchOptions: {
      executablePath: process.env.PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH || undefined,
      args: ['--no-sandbox', '--enable-unsafe-swiftshader', '--disable-background-networking']
    }
  },
  webServer: Array.from({ length: WORKERS }, (_, number) => ({
    command: `npm start > server-${number}.log 2>&1`,
    env: { ASTRODATA_TEST_PORT: String(port + number) },
    url: `http://localhost:${port + number}/lab`,
    timeout: 120000,
    reuseExistingServer: !process.env.CI
  }))
};
