import { EXAMPLES } from '../tests/steps';
import { takePictures } from './pictures';

/** The report of docs/astrodata.md; its other pictures are written by the code on the page itself. */
takePictures(
  'astrodata',
  {
    report: `table = adk.processing.tabular.table_of('${EXAMPLES}/tables/cardio.npz')
tests = adk.data_tests.Tests.of(
    [
        {"check": "nan_share", "columns": ["X_0", "X_7"], "at_most": 0},
        {"check": "range", "column": "X_0", "at_least": -3, "at_most": 3},
        {"check": "duplicates", "level": "warn"},
        {"check": "class_balance", "column": "y", "at_least": 0.05},
        {"check": "drift", "columns": ["X_0", "X_7"], "method": "psi", "at_most": 0.2},
    ]
)
tests.run(table.tail(900), name="later rows", reference=adk.data_tests.profile(table))`
  },
  '.adk-report'
);
