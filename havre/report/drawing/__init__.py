"""What the pictures of a comparison show; the templates set it in boxes that wrap by themselves.

Words stand in HTML, which knows the reader's font; SVG holds marks, lines and bars only.
"""
