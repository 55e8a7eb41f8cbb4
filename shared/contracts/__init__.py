"""The published language: one class a fact, stored exactly as it is sent."""
