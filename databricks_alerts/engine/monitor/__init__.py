"""The services that a running program talks to: ResourceMonitor and Engine, over loopback gRPC."""
