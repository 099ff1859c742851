"""Files into stores."""
