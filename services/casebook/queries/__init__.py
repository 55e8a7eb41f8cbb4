"""Questions to the live read models, each answered over an index; the API and the console ask the same ones."""
