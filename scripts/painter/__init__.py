"""Paints captioned pictures from noise, polygons, emoji and clip art. See README.md."""
