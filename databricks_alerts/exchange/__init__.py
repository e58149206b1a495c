"""Rules from and to the files of other tools: bundles, Terraform, packs, `.dbalert.json`."""
