"""The course: chapters 0 to 11 as text notebooks; `fastgd.learn` reads and plays them."""
