"""Files into data sets: one module a family of formats, found through the registry."""
