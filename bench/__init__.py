"""The benchmark behind `make bench`: every figure beside its bar, as a share of a raw limit of the same run."""
