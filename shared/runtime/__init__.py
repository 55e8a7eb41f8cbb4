"""The thin shell around pure rules: service, relay, consumer, ticker, telemetry, settings, auth."""
