"""From a file to grey values and geometry."""
