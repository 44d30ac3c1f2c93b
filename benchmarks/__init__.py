"""Speed and memory of the product beside its peers, in one run on one machine; the only place with timings."""
