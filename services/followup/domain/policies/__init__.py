"""The cadence of follow-up as data, and the dates that follow from it."""
