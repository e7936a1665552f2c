"""What benchmarks/lab.py does in a browser: driver.mjs and page.mjs."""
