"""Views of data sets in the browser, and the requests by which they are fed."""
