"""A picture that moves, as a GIF, with a still beside it."""

from pathlib import Path

import numpy as np

from .picture import Picture


class Animation(Picture):
    """A picture that moves, and a still of it: `figure_` and `ax_` are the still's.

    Attributes
    ----------
    figure_, ax_, alt, values
        As of `Picture`.
    frames : list of int
        Which of the models the frames show.
    """

    def __init__(self, ax, alt, frames, draw, **values):
        super().__init__(ax, alt, **values)
        self.frames, self._draw = frames, draw

    def save(self, path, *, seconds=6.0, dpi=80, **options):
        """Write the moving picture as a GIF, and the still beside it as a PNG of the same name.

        Parameters
        ----------
        path : path-like
            Ends in ``.gif``; with any other ending the still alone is written, as by
            `Picture.save`.
        seconds : float
            How long one round takes; the last frame stays for two seconds more.
        dpi : float
            Dots per inch of the GIF; 80 make it 512 wide.
        **options
            For the still, as in `Picture.save`.

        Returns
        -------
        pathlib.Path
            Of the still.

        Raises
        ------
        ModuleNotFoundError
            If Pillow is not installed.
        """
        path = Path(path)
        still = path.with_suffix(".png") if path.suffix.lower() == ".gif" else path
        super().save(still, **options)
        if still == path:
            return still
        images = self._images(dpi)
        # one palette for all, of the last frame, which has everything on it
        palette = images[-1].quantize(48)
        images = [image.quantize(palette=palette, dither=0) for image in images]
        pause = max(20, round(1000 * seconds / len(images)))
        images[0].save(
            path,
            save_all=True,
            append_images=images[1:],
            duration=[pause] * (len(images) - 1) + [pause + 2000],
            loop=0,
            comment=self.alt.encode(),
        )
        return still

    def _images(self, dpi):
        try:
            from PIL import Image
        except ModuleNotFoundError:
            raise ModuleNotFoundError(
                'moving pictures need Pillow: pip install "fastgd[plot]"', name="PIL"
            ) from None
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        images = []
        for update in self._draw(lambda w, h: Figure(figsize=(w, h), dpi=dpi)):
            canvas = FigureCanvasAgg(update)
            canvas.draw()
            images.append(Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB"))
        return images
