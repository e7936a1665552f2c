/** How each tool is driven by hand: where its picture is, and how its lasso is taken up. */

/** The largest thing that fits, through shadow roots, as {x, y, width, height} on the page; null without one. */
const boxOf = selector => async page => {
  const boxes = await Promise.all(
    (await page.locator(selector).all()).map(one => one.boundingBox())
  );
  const area = box => (box ? box.width * box.height : 0);
  return boxes.reduce((best, box) => (area(box) > area(best) ? box : best), null);
};

const none = async () => {};

/** Pages whose lasso is taken up: a second click would put it down. */
const taken = new WeakSet();

export const TOOLS = {
  /** Of benchmarks/catalogue.py: its lasso is a box between the first place and the last. */
  catalogue: {
    box: boxOf('.astrodata-fits-stage'),
    async lasso(page) {
      const boxes = page.getByRole('button', { name: 'Select rows', exact: true });
      if ((await boxes.getAttribute('aria-pressed')) === 'false') {
        await boxes.click();
      }
    },
    async pan(page) {
      const boxes = page.getByRole('button', { name: 'Select rows', exact: true });
      if ((await boxes.count()) && (await boxes.getAttribute('aria-pressed')) === 'true') {
        await boxes.click();
      }
    }
  },
  ours: {
    box: boxOf('.astrodata-map-stage'),
    async lasso(page) {
      await page.locator('.astrodata-map-stage > canvas').focus();
      await page.keyboard.press('l');
    },
    async pan(page) {
      await page.locator('.astrodata-map-stage > canvas').focus();
      await page.keyboard.press('p');
    }
  },
  scatter: {
    box: boxOf('.jp-OutputArea-output canvas'),
    // The kernel sets its mouse: `plot.mouse("lasso")`.
    lasso: none,
    pan: none
  },
  atlas: {
    box: boxOf('.jp-OutputArea-output canvas'),
    /** Its legend and a choice lie over the picture, and have colours. */
    async ready(page) {
      for (const [first, last] of [
        ['group 0', 'group 7'],
        ['Color', 'VARCHAR']
      ]) {
        const found = page.getByText(first, { exact: true }).first();
        await found.evaluate((element, last) => {
          while (!element.textContent.includes(last)) {
            element = element.parentElement;
          }
          // The buttons beside it, too.
          (last === 'VARCHAR' ? element.parentElement : element).style.visibility = 'hidden';
        }, last);
      }
    },
    async lasso(page) {
      if (!taken.has(page)) {
        taken.add(page);
        await page
          .getByTitle(/Toggle lasso/)
          .first()
          .click();
      }
    },
    pan: none
  },
  bokeh: {
    box: boxOf('.jp-OutputArea-output .bk-events'),
    // The tool at hand is chosen when the plot is made.
    lasso: none,
    pan: none
  }
};
