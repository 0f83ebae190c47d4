# Reference values of caret, Hmisc and stats. Usage: Rscript generate.R (writes into the working directory).
suppressMessages({library(Hmisc); library(caret)})
set.seed(20240611)
# 17 significant digits; vectors of one entry are numbers unless wrapped in I().
json <- function(v) {
  if (is.list(v) && !is.null(names(v))) return(paste0("{", paste0('"', names(v), '":', vapply(v, json, ""), collapse = ","), "}"))
  if (is.list(v)) return(paste0("[", paste(vapply(v, json, ""), collapse = ","), "]"))
  s <- if (is.character(v)) paste0('"', v, '"') else if (is.logical(v)) tolower(as.character(v)) else sprintf("%.17g", v)
  if (length(s) == 1 && !inherits(v, "AsIs")) s else paste0("[", paste(s, collapse = ","), "]")
}
write <- function(x, file) writeLines(json(x), file)
rows <- function(m) lapply(seq_len(nrow(m)), function(i) I(unname(m[i, ])))
factors <- function(n, p, noise = 0.4) {
  k <- max(1, p %/% 4)
  f <- matrix(rnorm(n * k), n)
  f[, sample(k, p, TRUE), drop = FALSE] %*% diag(sample(c(-1, 1), p, TRUE), p) + noise * matrix(rnorm(n * p), n)
}
symmetric <- function(r) { r <- (r + t(r)) / 2; diag(r) <- 1; pmin(pmax(r, -1), 1) }

# findCorrelation: factors, copies, few values, blocks of equal coefficients, rank correlations of few rows.
matrix_of <- function(kind, p) symmetric(switch(kind,
  factors = cor(factors(20, p)),
  copies = { x <- factors(15, p); to <- sample(p, p %/% 2); x[, to] <- x[, sample(p, p %/% 2)] * sample(c(-1, 1), 1); cor(x) },
  few = { m <- matrix(sample(c(-.95, -.9, .5, .7, .9, .95, 1), p * p, TRUE), p); m[lower.tri(m)] <- t(m)[lower.tri(m)]; m },
  blocks = { g <- sample(max(1, p %/% 3), p, TRUE); ifelse(outer(g, g, "=="), .93, .1) },
  ranks = cor(matrix(rnorm(6 * p), 6), method = "spearman")))
cases <- list()
for (kind in c("factors", "copies", "few", "blocks", "ranks")) for (p in c(2, 5, 9, 14)) {
  r <- matrix_of(kind, p)
  cutoff <- sample(c(.3, .5, .7, .8, .9, .95), 1)
  cases[[length(cases) + 1]] <- list(kind = kind, r = rows(r), cutoff = cutoff,
    exact = I(as.integer(findCorrelation(r, cutoff, exact = TRUE)) - 1L), fast = I(as.integer(findCorrelation(r, cutoff, exact = FALSE)) - 1L))
}
write(cases, "caret.json")

# hclust on 1 - |r|.
cases <- list()
for (p in c(2, 7, 12)) for (linkage in c("average", "complete", "single", "ward.D2")) {
  x <- factors(25, p)
  h <- hclust(as.dist(1 - abs(cor(x))), linkage)
  cut <- sample(c(.1, .2, .4), 1)
  cases[[length(cases) + 1]] <- list(x = rows(x), linkage = linkage, order = I(h$order - 1L), heights = I(h$height),
    cut = cut, groups = I(unname(cutree(h, h = cut)) - 1L))
}
write(cases, "clusters.json")

# redun. Where two columns are left, each predicts the other equally well and rounding decides which goes: such cases are not taken.
cases <- list()
for (nk in c(0, 0, 3, 4, 7)) for (tlinear in c(TRUE, FALSE)) for (type in c("ordinary", "adjusted")) repeat {
  p <- sample(4:7, 1)
  x <- factors(p * max(1, nk - 1) + 12 + 15 * length(cases) %% 4, p, .35)
  if (length(cases) %% 3 == 0) x <- 1e6 + 1e-2 * x
  if (length(cases) %% 3 == 1) x[, p] <- round(x[, p], 1)
  r2 <- sample(c(.6, .7, .8, .9), 1)
  data <- setNames(as.data.frame(x), seq_len(p) - 1)
  names(data) <- paste0("x", names(data))
  fit <- suppressWarnings(redun(~ ., data = data, r2 = r2, type = type, nk = nk, tlinear = tlinear))
  if (length(fit$In) < 2 || !length(fit$Out)) next
  id <- function(names) I(as.integer(sub("x", "", names)))
  later <- if (length(fit$r2later)) fit$r2later[[length(fit$r2later)]] else numeric(0)
  cases[[length(cases) + 1]] <- list(x = rows(as.matrix(x)), nk = nk, tlinear = tlinear, type = type, r2 = r2, kept = id(fit$In), out = id(fit$Out),
    r_squared = I(unname(fit$rsquared)), initial = I(unname(fit$rsq1)), later = I(unname(later)))
  break
}
write(cases, "redun.json")

# Variance inflation: diagonal of the inverse correlation matrix.
cases <- lapply(c(2, 4, 8, 12), function(p) { x <- factors(3 * p + 4, p, .2); list(x = rows(x), vif = I(diag(solve(cor(x))))) })
write(cases, "vif.json")

# nearZeroVar with its metrics: one value, two values at and around both limits, all different, values that agree to 15 digits.
n <- 40
columns <- list(rep(3.25, n), c(rep(0, 39), 1), c(rep(0, 38), 1, 1), c(rep(0, 38), 1, 2), c(rep(0, 36), 1:4), c(rep(0, 35), 1:5), 1:n + 0,
  rep(c(0, 1), n / 2), rep(c(0.3, 0.1 + 0.2), n / 2), c(rep(0.3, 38), 0.1 + 0.2, 1), c(rep(0.3, 19), rep(0.1 + 0.2, 19), 1, 2), c(rep(-0, 20), rep(0, 19), 1), rep(c(1e6, 1e6 + 1e-9), n / 2))
x <- do.call(cbind, columns)
m <- nearZeroVar(x, saveMetrics = TRUE)
write(list(x = rows(x), ratio = I(m$freqRatio), unique = I(m$percentUnique), zero = I(m$zeroVar), near_zero = I(which(m$nzv) - 1L)), "near_zero.json")

# cor.test, normal and t approximations; the interval of Pearson's coefficient.
cases <- list()
for (n in c(4, 11, 60)) for (digits in c(9, 0)) {
  x <- round(factors(n, 2, .8) * 1.5, digits)
  for (method in c("pearson", "spearman", "kendall")) {
    t <- suppressWarnings(cor.test(x[, 1], x[, 2], method = method, exact = FALSE))
    cases[[length(cases) + 1]] <- list(x = rows(x), method = method, coefficient = unname(t$estimate), statistic = unname(t$statistic), p = t$p.value,
      interval = I(as.numeric(t$conf.int)))
  }
}
write(cases, "tests.json")
