# Selection counts of glmnet in given halves of the rows: small120.csv, 24 halves.
#
#   Rscript frequencies.R ../small120.csv > frequencies.json      (R 4.2.2, glmnet 4.1-6, jsonlite 1.8.4, seed 20130101)
#
# `halves` are rows from zero. Cases: binary outcome on a grid of lambdas, plain and weighted; continuous outcome on a grid;
# elastic net; and the features of the last model before more than q were ever active (pmax), as stabs' conservative rule has it.
suppressMessages({ library(glmnet); library(jsonlite) })
set.seed(20130101)
data <- read.csv(commandArgs(trailingOnly = TRUE)[1])
x <- as.matrix(data[, grep("^x", names(data))])
n <- nrow(x)
pairs <- lapply(1:12, function(i) { order <- sample(n); list(sort(order[1:60]), sort(order[61:120])) })
halves <- unlist(pairs, recursive = FALSE)
counts <- function(fit_half) {
  total <- 0
  for (rows in halves) total <- total + (as.matrix(fit_half(rows)) != 0)
  unname(t(total)) # one row per lambda
}
grid_binomial <- c(0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02)
grid_gaussian <- c(0.5, 0.3, 0.2, 0.1, 0.05, 0.02)
grid_weighted <- c(0.2, 0.1, 0.05, 0.02)
last <- function(family, y, q) function(rows) {
  fit <- suppressWarnings(glmnet(x[rows, ], y[rows], family = family, pmax = q))
  fit$beta[, ncol(fit$beta), drop = FALSE]
}
out <- list(
  halves = lapply(halves, function(h) h - 1),
  binomial = list(lambda = grid_binomial, counts = counts(function(r)
    glmnet(x[r, ], data$yb[r], family = "binomial", lambda = grid_binomial)$beta)),
  weighted = list(lambda = grid_weighted, counts = counts(function(r)
    glmnet(x[r, ], data$yb[r], family = "binomial", weights = data$w[r], lambda = grid_weighted)$beta)),
  gaussian = list(lambda = grid_gaussian, counts = counts(function(r)
    glmnet(x[r, ], data$yc[r], lambda = grid_gaussian)$beta)),
  elastic_net = list(lambda = grid_binomial, alpha = 0.5, counts = counts(function(r)
    glmnet(x[r, ], data$yb[r], family = "binomial", alpha = 0.5, lambda = grid_binomial)$beta)),
  first = list(
    list(family = "binomial", q = 3, counts = counts(last("binomial", data$yb, 3))),
    list(family = "binomial", q = 6, counts = counts(last("binomial", data$yb, 6))),
    list(family = "gaussian", q = 4, counts = counts(last("gaussian", data$yc, 4)))))
cat(toJSON(out, digits = NA, auto_unbox = TRUE), "\n")
