"""The embedded deployment engine: runs a Pulumi program over Pulumi's own wire protocol."""
