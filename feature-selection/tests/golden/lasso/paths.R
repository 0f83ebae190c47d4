# usage: Rscript paths.R DIR   (DIR is tests/golden; reads small120.csv and radiomics421_subset.csv there, writes lasso/paths.json)
# R 4.2.2, glmnet 4.1-6. Settings and data that the other files do not cover; default threshold, and 1e-14 where `tight`.
suppressMessages(library(glmnet))
DIR <- commandArgs(TRUE)[1]
d <- read.csv(file.path(DIR, "small120.csv"))
X <- as.matrix(d[, 6:20]); yb <- d$yb; yc <- d$yc
r <- read.csv(file.path(DIR, "radiomics421_subset.csv"))
W <- as.matrix(r[1:36, -1]); wy <- r[1:36, 1]; wc <- W[, 3] / sd(W[, 3]) + sin(1:36)
# copies, multiples and sums of other columns
D <- cbind(X, X[, 1], 2 * X[, 2], 1 - X[, 3], X[, 4] + X[, 5], X[, 1])
zeros <- rep(c(1, 0, 2, 1, 1, 0.5), 20)
some_free <- rep(c(0, 1, 1, 2, 0.5), 3)
lower <- rep(c(-Inf, -0.1, 0), 5); upper <- rep(c(0, 0.2, Inf), 5)
rare <- as.integer(seq_along(yb) %in% which(yb == 1)[c(1, 9, 17, 25, 30)])
separable <- as.integer(X[, 1] + X[, 2] > 0.3)
fits <- list(
  bin_dfmax = function(...) glmnet(X, yb, family = "binomial", dfmax = 5, ...),
  bin_pmax = function(...) glmnet(X, yb, family = "binomial", pmax = 6, ...),
  gau_pmax = function(...) glmnet(X, yc, type.gaussian = "naive", pmax = 4, ...),
  bin_mixed_limits = function(...) glmnet(X, yb, family = "binomial", lower.limits = lower, upper.limits = upper, nlambda = 25, ...),
  gau_mixed_limits = function(...) glmnet(X, yc, lower.limits = lower, upper.limits = upper, nlambda = 25, ...),
  bin_copies = function(...) glmnet(D, yb, family = "binomial", nlambda = 25, ...),
  gau_copies = function(...) glmnet(D, yc, type.gaussian = "covariance", nlambda = 25, ...),
  gau_copies_naive = function(...) glmnet(D, yc, type.gaussian = "naive", nlambda = 25, ...),
  bin_zero_weights = function(...) glmnet(X, yb, family = "binomial", weights = zeros, nlambda = 25, ...),
  gau_zero_weights = function(...) glmnet(X, yc, weights = zeros, nlambda = 25, ...),
  bin_net_free = function(...) glmnet(X, yb, family = "binomial", alpha = 0.2, penalty.factor = some_free, nlambda = 25, ...),
  gau_net_free = function(...) glmnet(X, yc, type.gaussian = "naive", alpha = 0.2, penalty.factor = some_free, nlambda = 25, ...),
  bin_short = function(...) glmnet(X, yb, family = "binomial", nlambda = 20, lambda.min.ratio = 0.1, ...),
  gau_as_given = function(...) glmnet(X, yc, standardize = FALSE, nlambda = 25, ...),
  gau_ridge_offset = function(...) glmnet(X, yc, alpha = 0, offset = d$off, nlambda = 25, ...),
  bin_wide = function(...) glmnet(W, wy, family = "binomial", nlambda = 25, ...),
  gau_wide = function(...) glmnet(W, wc, nlambda = 25, ...),
  bin_modified_zero = function(...) glmnet(X, yb, family = "binomial", type.logistic = "modified.Newton", intercept = FALSE, weights = d$w, nlambda = 25, ...),
  bin_offset_zero = function(...) glmnet(X, yb, family = "binomial", offset = d$off, intercept = FALSE, nlambda = 25, ...),
  bin_excluded = function(...) glmnet(X, yb, family = "binomial", penalty.factor = replace(some_free, 2, Inf), exclude = c(4, 7), nlambda = 25, ...),
  bin_given_free = function(...) glmnet(X, yb, family = "binomial", penalty.factor = some_free, lambda = c(0.01, 0.1, 0.05, 0), ...),
  bin_rare = function(...) glmnet(X, rare, family = "binomial", nlambda = 25, ...),
  bin_separable = function(...) glmnet(X, separable, family = "binomial", ...),
  bin_out_of_passes = function(...) glmnet(X, yb, family = "binomial", maxit = 60))
tight <- c("bin_mixed_limits", "gau_mixed_limits", "bin_zero_weights", "gau_zero_weights", "bin_net_free", "gau_net_free", "gau_as_given", "gau_ridge_offset",
  "bin_modified_zero", "bin_offset_zero", "bin_excluded", "bin_rare")
g <- function(x) paste0("[", paste(formatC(as.vector(x), digits = 17, format = "g", width = 1), collapse = ","), "]")
one <- function(f) {
  b <- as.matrix(f$beta)
  rows <- sapply(seq_len(ncol(b)), function(k) { nz <- which(b[, k] != 0); sprintf("{\"idx\":%s,\"val\":%s}", g(nz - 1), g(b[nz, k])) })
  sprintf("{\"lambda\":%s,\"df\":%s,\"dev_ratio\":%s,\"nulldev\":%s,\"npasses\":%d,\"a0\":%s,\"beta\":[%s]}",
    g(f$lambda), g(f$df), g(f$dev.ratio), formatC(f$nulldev, digits = 17, format = "g"), f$npasses, g(f$a0), paste(rows, collapse = ","))
}
entry <- function(name) {
  default <- suppressWarnings(one(fits[[name]]()))
  if (!name %in% tight) return(sprintf("\"%s\":{\"default\":%s}", name, default))
  # until nothing moves any more: with correlated columns a threshold of 1e-14 is not enough
  sprintf("\"%s\":{\"default\":%s,\"converged\":%s}", name, default, suppressWarnings(one(fits[[name]](thresh = 1e-28, maxit = 1e8))))
}
path <- glmnet(X, yb, family = "binomial", nlambda = 25)
a <- assess.glmnet(path, newx = X, newy = yb, weights = d$w)
assessed <- sprintf("\"assess\":{\"deviance\":%s,\"class\":%s,\"auc\":%s,\"mse\":%s,\"mae\":%s}", g(a$deviance), g(a$class), g(a$auc), g(a$mse), g(a$mae))
s <- c(0.07, 0.02, 0.004)
exact <- coef(path, s = s, exact = TRUE, x = X, y = yb)
refit <- sprintf("\"refit\":{\"s\":%s,\"coef\":[%s]}", g(s), paste(apply(as.matrix(exact), 2, g), collapse = ","))
writeLines(sprintf("{%s}", paste(c(sapply(names(fits), entry), assessed, refit), collapse = ",\n")), file.path(DIR, "lasso", "paths.json"))
