"""Read models as pure projections, and how they are applied: live in batches, and rebuilt whole from the topics."""
