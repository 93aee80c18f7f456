"""Pictures of image files as PDF has them: the compressed bytes as they are where PDF can read them."""
