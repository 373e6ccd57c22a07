"""The register of sources: where leads come from, what they cost and how much of it sales accepts."""
