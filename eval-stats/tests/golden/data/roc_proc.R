# Rscript roc_proc.R FOLDER: reads FOLDER/synth_predictions.csv, writes FOLDER/roc_proc.json.
suppressMessages(library(pROC)); options(warn = -1)
num <- function(x) ifelse(is.na(x), "null", ifelse(is.infinite(x), ifelse(x > 0, '"Inf"', '"-Inf"'), sprintf("%.17g", x)))
J <- function(x) {
  if (is.list(x)) { v <- vapply(x, J, ""); if (is.null(names(x))) paste0("[", paste(v, collapse = ","), "]") else paste0("{", paste0('"', names(x), '":', v, collapse = ","), "}") }
  else if (is.character(x)) paste0('"', x, '"')
  else if (length(x) == 1 && is.null(attr(x, "arr"))) num(as.numeric(x)) else paste0("[", paste(num(as.numeric(x)), collapse = ","), "]")
}
A <- function(x) { x <- as.numeric(x); attr(x, "arr") <- TRUE; x }
folder <- commandArgs(TRUE)[1]
P <- read.csv(file.path(folder, "synth_predictions.csv")); B <- 200

# Everything that pROC says about two models of one sample and a third of another.
case <- function(name, y, a, b, y2, c3, d, lim, focus, seed) {
  R <- function(y, s, ...) roc(y, s, levels = c(0, 1), direction = d, quiet = TRUE, ...)
  part <- function(y, s, k = FALSE) R(y, s, partial.auc = rev(lim), partial.auc.focus = focus, partial.auc.correct = k)
  ra <- R(y, a); rb <- R(y, b); rc <- R(y2, c3)
  test <- function(...) { set.seed(seed); t <- roc.test(..., boot.n = B, progress = "none"); A(c(t$statistic, t$p.value)) }
  boot <- function(r) { set.seed(seed); A(ci.auc(r, method = "bootstrap", boot.n = B, progress = "none")) }
  best <- function(m, w) { x <- as.matrix(coords(ra, "best", best.method = m, best.weights = w, ret = c("threshold", "sensitivity", "specificity", m), transpose = FALSE)); list(threshold = A(x[, 1]), sensitivity = A(x[, 2]), specificity = A(x[, 3]), value = A(x[, 4])) }
  at <- function(x, input, ret) A(as.matrix(coords(ra, x, input = input, ret = ret, transpose = FALSE)))
  grid <- seq(0, 1, 0.1); th <- unname(c(quantile(a, c(.2, .5)), a[1:2])); w <- c(2, .2)
  p <- roc.test(ra, rb, method = "delong"); u <- roc.test(ra, rc, method = "delong", paired = FALSE)
  o <- list(name = name, direction = d, y = A(y), a = A(a), b = A(b), y2 = A(y2), c = A(c3), limits = A(lim), focus = focus, seed = seed, replicates = B,
    thresholds = A(ra$thresholds), se = A(ra$sensitivities), sp = A(ra$specificities), auc = as.numeric(ra$auc), variance = var(ra), delong_ci = A(ci.auc(ra)),
    paired = A(c(p$statistic, p$p.value, p$conf.int)), unpaired = A(c(u$statistic, u$parameter, u$p.value)),
    partial = as.numeric(part(y, a)$auc), partial_corrected = as.numeric(part(y, a, TRUE)$auc),
    boot_auc = boot(ra), boot_partial = boot(part(y, a)), boot_corrected = boot(part(y, a, TRUE)),
    test_auc = test(ra, rb, method = "bootstrap"), test_auc_unpaired = test(ra, rc, method = "bootstrap", paired = FALSE),
    test_partial = test(part(y, a), part(y, b), method = "bootstrap"), test_partial_unpaired = test(part(y, a), part(y2, c3), method = "bootstrap", paired = FALSE),
    test_sensitivity = test(ra, rb, method = "specificity", specificity = .75), test_specificity = test(ra, rb, method = "sensitivity", sensitivity = .75),
    grid = A(grid), thresholds_given = A(th), weights = A(w),
    best_youden = best("youden", c(1, .5)), best_corner = best("closest.topleft", c(1, .5)), best_weighted_youden = best("youden", w), best_weighted_corner = best("closest.topleft", w),
    sensitivity_at = at(grid, "specificity", "sensitivity"), specificity_at = at(grid, "sensitivity", "specificity"), se_at_threshold = at(th, "threshold", "sensitivity"), sp_at_threshold = at(th, "threshold", "specificity"))
  b <- smooth(ra, method = "binormal", n = 11); o$binormal <- A(c(coef(b$model), b$auc, sort(unique(b$specificities))))
  set.seed(seed); o$ci_se <- A(t(ci.se(ra, specificities = grid, boot.n = B, progress = "none")))
  set.seed(seed); o$ci_sp <- A(t(ci.sp(ra, sensitivities = grid, boot.n = B, progress = "none")))
  set.seed(seed); x <- ci.thresholds(ra, thresholds = th, boot.n = B, progress = "none"); o$ci_thresholds_se <- A(t(x$sensitivity)); o$ci_thresholds_sp <- A(t(x$specificity))
  for (m in c("first", "random")) { o[[paste0("venkatraman_", m)]] <- test(ra, rb, method = "venkatraman", ties.method = m); o[[paste0("venkatraman_unpaired_", m)]] <- test(ra, rc, method = "venkatraman", paired = FALSE, ties.method = m) }
  o
}
x <- P[P$set == "external", ]; z <- P[P$set == "prospective", ]
set.seed(3); k <- sample(nrow(x), 31)
cases <- list(
  case("probabilities", z$alnm, z$clinrad, z$clinical, x$alnm[1:90], x$clinrad[1:90], "<", c(.8, 1), "specificity", 11),
  case("tied, lower is event", x$alnm[1:90], -round(10 * x$clinrad[1:90]), -round(10 * x$tumor[1:90]), z$alnm, -round(10 * z$ln), ">", c(.55, .9), "sensitivity", 12),
  case("few, below one half", x$alnm[k], -round(5 * x$tumor[k]), round(6 * x$ln[k]), z$alnm[1:23], -z$tumor[1:23], "<", c(.31, .77), "specificity", 13))

# Several models: covariance, Wald test that all are equal, Holm's p-values.
models <- c("clinrad", "clinical", "tumor", "ln")
r <- lapply(models, function(m) roc(x$alnm, x[[m]], levels = c(0, 1), direction = "<", quiet = TRUE))
V <- outer(1:4, 1:4, Vectorize(function(i, j) if (i == j) var(r[[i]]) else cov(r[[i]], r[[j]])))
L <- cbind(1, -diag(3)); m <- sapply(r, function(q) as.numeric(q$auc)); chi <- drop(t(L %*% m) %*% solve(L %*% V %*% t(L)) %*% (L %*% m))
pair <- combn(4, 2); p <- apply(pair, 2, function(i) roc.test(r[[i[1]]], r[[i[2]]], method = "delong")$p.value)
several <- list(set = "external", covariance = A(V), chi_squared = chi, p = pchisq(chi, 3, lower.tail = FALSE), pairs_p = A(p), holm = A(p.adjust(p, "holm")))

# BCa: the adjusted levels of boot.ci for pROC's replicates, with the influence of every subject as the empirical
# influence values (of a mean over both classes, hence divided by the size of the class).
bca <- lapply(c("clinrad", "tumor"), function(mm) {
  a <- z[[mm]]; y <- z$alnm; a1 <- a[y == 1]; a0 <- a[y == 0]; area <- function(e, d) mean(outer(e, d, ">") + .5 * outer(e, d, "=="))
  set.seed(21); t <- vapply(1:1000, function(i) { d <- sample(a0, replace = TRUE); e <- sample(a1, replace = TRUE); area(e, d) }, 0)
  psi <- outer(a1, a0, ">") + .5 * outer(a1, a0, "=="); t0 <- mean(psi)
  infl <- c((colMeans(psi) - t0) / length(a0), (rowMeans(psi) - t0) / length(a1))
  b <- structure(list(t0 = t0, t = matrix(t), R = length(t), data = seq_along(infl), seed = 1, statistic = NULL, sim = "ordinary", stype = "i", strata = rep(1, length(infl)), weights = rep(1 / length(infl), length(infl)), call = quote(boot())), class = "boot")
  ends <- boot::boot.ci(b, conf = .9, type = "bca", t0 = t0, t = t, L = infl)$bca
  # boot.ci rounds the ranks (R + 1) * level that it used to two places: the formula, held to them.
  w <- qnorm(mean(t < t0)); acc <- sum(infl^3) / (6 * sum(infl^2)^1.5); q <- w + qnorm(c(.05, .95)); adjusted <- pnorm(w + q / (1 - acc * q))
  stopifnot(abs(adjusted * (length(t) + 1) - ends[2:3]) < .0051)
  list(model = mm, set = "prospective", seed = 21, replicates = length(t), level = .9, ties_with_estimate = sum(t == t0), adjusted = A(adjusted), limits = A(quantile(t, adjusted)), boot_limits = A(ends[4:5]))
})
writeLines(J(list(versions = R.version.string, proc = as.character(packageVersion("pROC")), boot = as.character(packageVersion("boot")), cases = cases, several = several, bca = bca)), file.path(folder, "roc_proc.json"))
