"""What a tenant has open."""
