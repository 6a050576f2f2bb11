"""The demo catalogue: invented products of all 27 categories, and the bundle that is trained on them."""
