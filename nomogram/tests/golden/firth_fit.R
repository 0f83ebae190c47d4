# Logistic regression with Firth's penalty (Biometrika 80, 1993) and case weights w: maximizes
#   sum w (y eta - log(1 + exp eta)) + log det(X' diag(w mu (1 - mu)) X) / 2
# over the free columns; the others stay at their start, and the determinant is that of all columns. Newton's method on the score
# X'(w (y - mu) + h (1/2 - mu)) with Fisher's information, h the leverages; no coefficient moves by more than 5 a step, and a step is halved
# until the objective does not fall. `penalty = FALSE` is maximum likelihood. Sourced by generate_firth.R and generate_firth_backward.R.
firth_fit <- function(x, y, w = rep(1, nrow(x)), free = seq_len(ncol(x)), start = numeric(ncol(x)), penalty = TRUE) {
  at <- function(beta) {
    eta <- drop(x %*% beta); mu <- plogis(eta); q <- qr(sqrt(w * mu * plogis(-eta)) * x, LAPACK = TRUE)
    # log(1 + exp eta) without overflow.
    loglik <- sum(w * (y * eta - pmax(eta, 0) - log1p(exp(-abs(eta)))))
    if (penalty) loglik <- loglik + sum(log(abs(diag(qr.R(q)))))
    list(beta = beta, loglik = loglik, hat = rowSums(qr.Q(q)^2), mu = mu)
  }
  now <- at(start)
  for (iteration in 1:1000) {
    if (!length(free)) return(now)
    z <- x[, free, drop = FALSE]
    score <- crossprod(z, w * (y - now$mu) + if (penalty) now$hat * (.5 - now$mu) else 0)
    step <- drop(solve(crossprod(z, w * now$mu * (1 - now$mu) * z), score, tol = 0))
    step <- step * min(1, 5 / max(abs(step)))
    done <- max(abs(step) / pmax(1, abs(now$beta[free]))) < 1e-12
    moved <- function(s) { beta <- now$beta; beta[free] <- beta[free] + s; at(beta) }
    # The sum of the objective has rounding errors of its own.
    lowest <- now$loglik - 1e-13 * max(1, abs(now$loglik)); after <- moved(step)
    for (halving in 1:30) { if (isTRUE(after$loglik >= lowest)) break; step <- step / 2; after <- moved(step) }
    now <- after
    if (done) return(now)
  }
  stop("no convergence")
}

# Limits of the profile likelihood of column i, below (-1) or above (1) its estimate in `fit`: twice the drop reaches the chi-squared quantile.
firth_limit <- function(x, y, w, fit, i, side, level = .95, penalty = TRUE) {
  above <- function(b) { start <- fit$beta; start[i] <- b
    firth_fit(x, y, w, setdiff(seq_len(ncol(x)), i), start, penalty)$loglik - fit$loglik + qchisq(level, 1) / 2 }
  near <- fit$beta[i]; reach <- 1e-2 * max(1, abs(near))
  while (above(far <- near + side * reach) > 0) { near <- far; reach <- 1.5 * reach }
  uniroot(above, sort(c(near, far)), tol = 1e-15 * max(1, abs(far)), maxiter = 500)$root
}

# Estimates, covariance, profile limits and likelihood ratio tests of all columns. The covariance of a penalized fit is that of the data
# augmented by the leverages, with weights mu (1 - mu) (w + h).
firth_full <- function(x, y, w = rep(1, nrow(x)), penalty = TRUE) {
  k <- seq_len(ncol(x)); f <- firth_fit(x, y, w, penalty = penalty)
  limit <- function(i, side) firth_limit(x, y, w, f, i, side, penalty = penalty)
  without <- function(i) firth_fit(x, y, w, setdiff(k, i), penalty = penalty)$loglik
  null <- firth_fit(x, y, w, 1, penalty = penalty)$loglik
  list(coef = f$beta, var = solve(crossprod(x, f$mu * (1 - f$mu) * (w + if (penalty) f$hat else 0) * x)),
       lo = sapply(k, limit, -1), hi = sapply(k, limit, 1), loglik = c(f$loglik, null), hat = f$hat,
       prob = pchisq(2 * (f$loglik - sapply(k, without)), 1, lower.tail = FALSE))
}

# logistf 1.26.1 itself on two separated tables (firth_logistf.json, convergence 1e-12) has the same numbers.
check_against_logistf <- function() {
  theirs <- jsonlite::fromJSON("firth_logistf.json"); data <- jsonlite::fromJSON("separation_glm.json")
  ours <- list(sep = firth_full(cbind(1, data$complete$x), data$complete$y),
               quasi = firth_full(cbind(1, data$quasi$g == "b"), data$quasi$y))
  for (case in names(ours)) {
    theirs[[case]]$var <- theirs[[case]]$var$data
    for (field in c("coef", "var", "lo", "hi", "loglik", "prob")) {
      a <- ours[[case]][[field]]; b <- theirs[[case]][[field]]
      stopifnot(length(a) == length(b), max(abs(a - b) / pmax(1, abs(b))) < 1e-8)
    }
  }
}
