// JupyterLab's server in one environment and kernels in others, made from the built wheel: `make test-environments`.
const base = require('../playwright.config');

const port = Number(process.env.ASTRODATA_TEST_ENVIRONMENTS_PORT || 8970);
process.env.ASTRODATA_TEST_ENVIRONMENTS_PORT = String(port);

module.exports = {
  ...base,
  testDir: '.',
  // Two kernels of other environments begin in it, and pip installs the package.
  timeout: 240000,
  workers: 1,
  outputDir: '../test-results/environments',
  use: { ...base.use, baseURL: `http://localhost:${port}` },
  webServer: {
    command:
      'made=$(python ../../tests/helpers/split_environments.py) && ' +
      'JUPYTER_PATH="$made/share/jupyter" exec "$made/server/bin/jupyter" lab --config jupyter_server_config.py ' +
      '> ../environments.log 2>&1',
    cwd: __dirname,
    url: `http://localhost:${port}/lab`,
    timeout: 300000,
    reuseExistingServer: false
  }
};
