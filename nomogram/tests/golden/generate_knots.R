# Knots of restricted cubic splines: Hmisc's rcspline.eval on values with heaps, few values, few rows. R 4.2.2, Hmisc 4.8-0, jsonlite.
# usage: Rscript generate_knots.R   (in this folder)
suppressMessages({library(Hmisc); library(jsonlite)})
set.seed(11); cases <- list()
for (r in 1:400) {
  n <- sample(c(8, 12, 25, 60, 99, 100, 150, 300), 1); nk <- sample(3:7, 1)
  x <- switch(sample(5, 1), round(rnorm(n), sample(0:3, 1)), round(rexp(n) * sample(c(1, 10), 1), sample(0:2, 1)),
              pmax(0, round(rnorm(n, .3), 2)), pmin(2, pmax(-1, round(rnorm(n), 2))), sample(1:sample(4:14, 1), n, TRUE) * 1)
  sink(tempfile()); k <- suppressWarnings(try(rcspline.eval(x, nk = nk, knots.only = TRUE), silent = TRUE)); sink()
  cases[[length(cases) + 1]] <- list(x = x, nk = unbox(nk), knots = if (inherits(k, "try-error") || anyNA(k)) NULL else I(unname(k)))
}
writeLines(toJSON(cases, digits = NA, null = "null"), "knots.json")
