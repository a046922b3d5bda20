"""The course: chapters 0 to 11 as text notebooks, in English and Chinese; `fastgd.learn` plays them."""
