"""History in the forms that process mining reads: OCEL 2.0 and XES. Nothing personal leaves: sealed texts stay out."""
