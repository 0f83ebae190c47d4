# usage: Rscript generate.R DIR   (writes DIR/{plain,relaxed,recipes}.json)
# R 4.2.2, glmnet 4.1-6. Every case holds its data (drawn with the seed named in it), its settings and what cv.glmnet made of them.
suppressMessages(library(glmnet))
DIR <- commandArgs(TRUE)[1]
g <- function(x) {
  x <- as.double(as.vector(x))
  s <- formatC(x, digits = 17, format = "g", width = 1)
  s[is.na(x)] <- "null"
  s[is.infinite(x) & x > 0] <- "1e999"
  sprintf("[%s]", paste(s, collapse = ","))
}
one <- function(x) gsub("[][]", "", g(x))
text <- function(x) sprintf("\"%s\"", x)
object <- function(l) sprintf("{%s}", paste(sprintf("\"%s\":%s", names(l), unlist(l)), collapse = ","))
write <- function(cases, file) writeLines(sprintf("{\n%s\n}", paste(sprintf("\"%s\":%s", names(cases), unlist(cases)), collapse = ",\n")), file.path(DIR, file))

# Data of one case: x rounded to `digits`, so that the file stays small and small digits give ties.
draw <- function(seed, n, p, family, k, digits = 3, shift = 0) {
  set.seed(seed)
  x <- matrix(round(rnorm(n * p), digits), n)
  eta <- x[, 1] - 0.7 * x[, min(p, 3)]
  y <- if (family == "binomial") as.integer(runif(n) < plogis(eta + shift)) else round(eta + rnorm(n), 3)
  list(seed = seed, x = x, y = y, family = family, foldid = sample(rep(seq(k), length = n)))
}
options_of <- function(a) {
  keep <- setdiff(names(a), c("x", "y", "family", "foldid", "relax", "gamma", "keep"))
  o <- lapply(a[keep], function(v) if (is.character(v)) text(v) else if (is.logical(v)) tolower(as.character(v)) else g(v))
  names(o) <- keep
  o
}
curve <- function(s) list(lambda = g(s$lambda), cvm = g(s$cvm), cvsd = g(s$cvsd), nzero = g(s$nzero))
run <- function(d, ...) {
  a <- c(list(x = d$x, y = d$y, family = d$family, foldid = d$foldid), list(...))
  f <- suppressWarnings(do.call(cv.glmnet, a))
  r <- c(list(seed = d$seed, n = nrow(d$x), x = g(d$x), y = g(d$y), family = text(d$family), foldid = g(d$foldid)), options_of(a), curve(f),
    list(cvup = g(f$cvup), cvlo = g(f$cvlo), index = g(f$index), name = text(f$name),
      coef_min = g(coef(f$glmnet.fit, s = f$lambda.min)), coef_1se = g(coef(f$glmnet.fit, s = f$lambda.1se))))
  if (!is.null(a$gamma)) r$gammas <- g(a$gamma)
  if (isTRUE(a$keep)) r$preval <- sprintf("[%s]", paste(apply(f$fit.preval, 2, g), collapse = ","))
  if (isTRUE(a$relax)) {
    z <- f$relaxed
    q <- f$glmnet.fit$relaxed
    r <- c(r, list(stat = sprintf("[%s]", paste(sapply(z$statlist, function(s) object(curve(s)[1:3])), collapse = ",")),
      gamma = g(z$gamma), pick = g(c(z$lambda.min, z$gamma.min, z$lambda.1se, z$gamma.1se)),
      relaxed_min = g(coef(f, s = "lambda.min")), relaxed_1se = g(coef(f, s = "lambda.1se")),
      between = g(coef(f$glmnet.fit, s = mean(f$lambda[4:5]), gamma = 0.3)), refit_lambda = g(q$lambda), refit_a0 = g(q$a0), refit_dev = g(q$dev.ratio)))
  }
  object(r)
}

nl <- 25
b <- function(...) draw(..., family = "binomial")
n <- function(...) draw(..., family = "gaussian")
fold_constant <- b(seed = 15, n = 40, p = 5, k = 4)
fold_constant$x[, 2] <- ifelse(fold_constant$foldid == 2, fold_constant$x[, 2], 0)
one_class <- b(seed = 12, n = 60, p = 4, k = 5, shift = -1.5)
one_class$foldid[one_class$y == 1 & one_class$foldid == 3] <- 1
zero <- b(seed = 14, n = 45, p = 4, k = 5)
weights14 <- c(0, 1, 2, 0.5, 1)[rep(1:5, 9)]
plain <- list(
  leave_one_out = run(b(seed = 11, n = 24, p = 4, k = 24), nlambda = nl),
  auc_one_class_fold = run(one_class, type.measure = "auc", nlambda = nl),
  auc_ties = run(b(seed = 13, n = 60, p = 5, k = 4, digits = 0), type.measure = "auc", nlambda = nl),
  zero_weights_class = run(zero, weights = weights14, type.measure = "class", nlambda = nl),
  constant_without_fold = run(fold_constant, type.measure = "mse", nlambda = nl, keep = TRUE),
  wide_fraction_mae = run(b(seed = 16, n = 30, p = 40, k = 5), type.measure = "mae", alignment = "fraction", nlambda = nl),
  user_lambdas_offset = run(b(seed = 17, n = 36, p = 4, k = 4), offset = round(sin(1:36), 3), lambda = c(0.2, 0.1, 0.05, 0.02, 0.01)),
  no_intercept_rows = run(b(seed = 18, n = 36, p = 4, k = 4), intercept = FALSE, grouped = FALSE, nlambda = nl),
  elastic_unscaled = run(b(seed = 19, n = 36, p = 6, k = 4), alpha = 0.5, standardize = FALSE, nlambda = nl),
  penalty_factors = run(b(seed = 20, n = 36, p = 5, k = 4), penalty.factor = c(0, 1, 2, Inf, 0.5), nlambda = nl),
  limits = run(b(seed = 21, n = 36, p = 5, k = 4), lower.limits = -0.2, upper.limits = 0.3, nlambda = nl),
  rare_events_weights_auc = run(b(seed = 22, n = 80, p = 4, k = 4, shift = -2), weights = c(1, 3)[rep(1:2, 40)], type.measure = "auc", nlambda = nl),
  gaussian_wide = run(n(seed = 31, n = 24, p = 40, k = 6), nlambda = nl),
  gaussian_mae_rows = run(n(seed = 32, n = 30, p = 4, k = 3), type.measure = "mae", grouped = FALSE, weights = c(1, 2, 0.5)[rep(1:3, 10)], offset = round(cos(1:30), 3), nlambda = nl),
  gaussian_leave_one_out = run(n(seed = 33, n = 21, p = 3, k = 21), nlambda = nl),
  gaussian_ridge = run(n(seed = 34, n = 30, p = 5, k = 5), alpha = 0, nlambda = nl),
  gaussian_fraction = run(n(seed = 35, n = 30, p = 5, k = 5), alignment = "fraction", nlambda = nl))
write(plain, "plain.json")

nl <- 15
relaxed <- list(
  auc = run(b(seed = 41, n = 80, p = 5, k = 5), type.measure = "auc", relax = TRUE, nlambda = nl),
  weights_offset = run(b(seed = 42, n = 60, p = 5, k = 4), weights = c(1, 2, 0.5)[rep(1:3, 20)], offset = round(sin(1:60), 3), relax = TRUE, nlambda = nl),
  limits = run(b(seed = 43, n = 60, p = 5, k = 4), lower.limits = 0, upper.limits = 0.5, relax = TRUE, nlambda = nl),
  no_intercept = run(b(seed = 44, n = 60, p = 4, k = 4), intercept = FALSE, type.measure = "class", relax = TRUE, nlambda = nl),
  leave_one_out = run(b(seed = 45, n = 40, p = 3, k = 40), relax = TRUE, nlambda = nl),
  gaussian_factors = run(n(seed = 51, n = 40, p = 6, k = 4), penalty.factor = c(0, 1, 2, Inf, 0.5, 1), relax = TRUE, nlambda = nl),
  gaussian_wide = run(n(seed = 52, n = 16, p = 24, k = 4), relax = TRUE, nlambda = nl, lambda.min.ratio = 0.001),
  gaussian_two_gammas = run(n(seed = 53, n = 30, p = 4, k = 3), gamma = c(0.5, 0), relax = TRUE, nlambda = nl),
  gaussian_fraction = run(n(seed = 54, n = 30, p = 4, k = 5), alignment = "fraction", alpha = 0.5, relax = TRUE, nlambda = nl),
  gaussian_weights_offset = run(n(seed = 55, n = 30, p = 4, k = 3), weights = c(1, 2, 0.5)[rep(1:3, 10)], offset = round(cos(1:30), 3), relax = TRUE, nlambda = nl),
  user_lambdas = run(n(seed = 56, n = 30, p = 5, k = 5), lambda = c(0.5, 0.3, 0.2, 0.1, 0.05, 0.01), relax = TRUE))
write(relaxed, "relaxed.json")

# Recipes around cv.glmnet on one table: its own folds after set.seed, a loop of repeats, adaptive LASSO, several alphas.
d <- b(seed = 61, n = 60, p = 5, k = 5)
own <- function(seed, k) { set.seed(seed); cv.glmnet(d$x, d$y, family = "binomial", nfolds = k, nlambda = 20, keep = TRUE) }
summary_of <- function(f) object(c(curve(f), list(foldid = g(f$foldid), index = g(f$index))))
fit <- function(alpha, ...) cv.glmnet(d$x, d$y, family = "binomial", foldid = d$foldid, alpha = alpha, nlambda = 20, ...)
adaptive <- function(b, power) {
  v <- 1 / abs(b)^power
  f <- fit(1, penalty.factor = v)
  object(c(curve(f), list(factors = g(v), index = g(f$index), coef_min = g(coef(f, s = "lambda.min")))))
}
ridge <- fit(0)
lasso <- fit(1)
ols <- glmnet(d$x, d$y, family = "binomial", lambda = 0)
pilot <- function(f) as.vector(coef(f, s = "lambda.min"))[-1]
recipes <- list(seed = d$seed, n = nrow(d$x), x = g(d$x), y = g(d$y), foldid = g(d$foldid),
  own_seed1 = summary_of(own(1, 5)), own_seed42 = summary_of(own(42, 6)), own_seed2024 = summary_of(own(2024, 10)),
  adaptive_ridge = adaptive(pilot(ridge), 1), adaptive_ridge_half = adaptive(pilot(ridge), 0.5), adaptive_lasso = adaptive(pilot(lasso), 1),
  adaptive_unpenalized = adaptive(as.vector(ols$beta), 2),
  alphas = sprintf("[%s]", paste(sapply(c(0, 0.25, 0.5, 0.75, 1), function(a) { f <- fit(a); object(c(list(alpha = one(a)), curve(f))) }), collapse = ",")))
write(recipes, "recipes.json")
