"""The only code two services may both know: kernel, contracts, event store, messaging, runtime."""
