"""doctor: what stands in the way of the first run, and of every other one. It looks, and writes nothing."""
