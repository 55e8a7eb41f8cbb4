"""Rules of answering (wording, due times, acknowledgement) and of naming (ids, tracking codes)."""
