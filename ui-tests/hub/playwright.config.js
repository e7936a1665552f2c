// JupyterLab behind a real JupyterHub, with a prefix, a proxy and two people: `make test-hub`.
const { mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const base = require('../playwright.config');

const port = Number(process.env.ASTRODATA_TEST_HUB_PORT || 8960);
process.env.ASTRODATA_TEST_HUB_PORT = String(port);
// Read again in each process of the test: the first one decides.
process.env.ASTRODATA_TEST_HUB_FOLDER ||= mkdtempSync(path.join(tmpdir(), 'astrodata-hub-'));

const baseURL = `http://127.0.0.1:${port}/hub-under/a-prefix/`;

module.exports = {
  ...base,
  testDir: '.',
  // Two servers and two pages begin in it.
  timeout: 180000,
  outputDir: '../test-results/hub',
  use: { ...base.use, baseURL },
  webServer: {
    command: 'exec jupyterhub --config jupyterhub_config.py > ../hub.log 2>&1',
    cwd: __dirname,
    url: `${baseURL}hub/health`,
    timeout: 60000,
    reuseExistingServer: false,
    // It ends its users' servers and the proxy, which are not of its process group.
    gracefulShutdown: { signal: 'SIGTERM', timeout: 20000 }
  }
};
