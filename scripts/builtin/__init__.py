"""How the built-in pair is made: training, sketchbook, figures. See README.md."""
