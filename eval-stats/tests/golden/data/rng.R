# Rscript rng.R OUT: random numbers of R after set.seed, by seed; sizes are powers of two, their neighbors and large.
suppressMessages(library(jsonlite))
seeds <- c(0, 1, 42, 123, 2019, -1, -123456789, 2147483647, -2147483647)
sizes <- c(1, 2, 3, 4, 5, 15, 16, 17, 255, 256, 257, 1023, 1024, 1025, 65535, 65536, 65537, 1e5, 3e7, 2^31 - 1, 2^31, 3e9)
one <- function(seed) {
  draw <- function(kind, expr) { suppressWarnings(RNGkind(sample.kind = kind)); set.seed(seed); expr }
  kinds <- lapply(c(Rejection = "Rejection", Rounding = "Rounding"), function(kind) list(
    sizes = lapply(sizes, function(n) draw(kind, sample.int(n, 3, replace = TRUE))),
    permutation = draw(kind, sample.int(37)),
    some = draw(kind, sample.int(1e5, 10)),
    distinct = draw(kind, sample.int(3e7, 20)),
    boundary = draw(kind, sample.int(10000001, 10)),
    list = draw(kind, sample.int(1e7, 10))))
  folds <- draw("Rejection", sample(rep(seq(5), length = 23)))
  list(seed = seed, runif = { set.seed(seed); sprintf("%.17g", runif(5)) }, rnorm = { set.seed(seed); sprintf("%.17g", rnorm(5)) },
    after = { set.seed(seed); invisible(runif(2000)); sprintf("%.17g", runif(3)) }, kinds = kinds, folds = folds)
}
write(toJSON(list(version = R.version.string, sizes = sizes, seeds = lapply(seeds, one)), auto_unbox = TRUE, digits = 15), commandArgs(TRUE)[1])
