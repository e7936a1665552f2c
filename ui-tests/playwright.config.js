const base = require('@jupyterlab/galata/lib/playwright-config');

const port = Number(process.env.ASTRODATA_TEST_PORT || 8888);
process.env.ASTRODATA_TEST_PORT = String(port);

module.exports = {
  ...base,
  testDir: './tests',
  timeout: 120000,
  expect: { timeout: 20000 },
  // One server and one software renderer on two cores: tests take turns.
  workers: 1,
  retries: process.env.CI ? 1 : 0,
  reporter: [['list']],
  use: {
    ...base.use,
    baseURL: `http://localhost:${port}`,
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
  webServer: {
    command: 'npm start > server.log 2>&1',
    url: `http://localhost:${port}/lab`,
    timeout: 120000,
    reuseExistingServer: !process.env.CI
  }
};
