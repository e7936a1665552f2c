// `make screenshot`: the pictures of the documentation, taken from a real JupyterLab.
const base = require('./playwright.config');

module.exports = {
  ...base,
  testDir: './screenshots',
  retries: 0,
  use: { ...base.use, viewport: { width: 1280, height: 800 } }
};
