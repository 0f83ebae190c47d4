# Error bounds of stability selection, from the helper functions of the R package stabs (0.6-4, R/helpers.R).
#
#   Rscript bounds.R HELPERS > bounds.csv
#
# HELPERS is stabs' R/helpers.R (GPL, not kept here). One line per question: two of cutoff, q and pfer are given, the third
# and the bound that is reached are stabs' answers. `error` marks what stabs refuses or answers with NA.
#
# Two settings of stabs' own search are tightened so that its answers have more digits than it prints: the interval of
# `optimize` is searched to 1e-13 instead of 1.2e-4, and the ends of the interval, which `optimize` never visits, are tried too.
args <- commandArgs(trailingOnly = TRUE)
source(args[1])
optimize <- function(f, lower, upper, ..., maximum) {
  found <- stats::optimize(f, lower = lower, upper = upper, ..., maximum = TRUE, tol = 1e-13)
  list(objective = max(found$objective, f(lower, ...), f(upper, ...)))
}
bound <- function(assumption, p, B, q, cutoff) switch(assumption,
  none = q^2 / p / (2 * cutoff - 1),
  unimodal = q^2 / p / um_const(cutoff, B, theta = q / p),
  "r-concave" = minD(q, p, cutoff, B) * p)
third <- function(assumption, p, B, cutoff, q, pfer) {
  if (is.na(cutoff)) {
    cutoff <- if (assumption == "none") min(1, (q^2 / (pfer * p) + 1) / 2)
              else optimal_cutoff(p, q, pfer, B, assumption = assumption)
  } else if (is.na(q)) {
    q <- if (assumption == "none") floor(sqrt(pfer * (2 * cutoff - 1) * p))
         else optimal_q(p, cutoff, pfer, B, assumption = assumption)
  }
  c(cutoff, q, bound(assumption, p, B, q, cutoff))
}
# No limit that a bound meets exactly: stabs compares with < and takes the root of a search, which is a hair off.
limits <- c(0.0501, 0.501, 1.03, 5.07)
cat("assumption,p,pairs,given_cutoff,given_q,given_pfer,cutoff,q,bound\n")
ask <- function(assumption, p, B, cutoff = NA, q = NA, pfer = NA) {
  found <- tryCatch(third(assumption, p, B, cutoff, q, pfer), error = function(e) rep(NA, 3))
  text <- function(x) ifelse(is.na(x), "", trimws(formatC(x, digits = 17, format = "g")))
  answer <- if (anyNA(found)) "error,error,error" else paste(text(found), collapse = ",")
  cat(assumption, p, B, text(cutoff), text(q), text(pfer), sep = ",")
  cat(",", answer, "\n", sep = "")
}
for (assumption in c("none", "unimodal", "r-concave")) {
  for (setting in list(c(20, 10), c(100, 50), c(100, 25), c(979, 50))) {
    p <- setting[1]
    B <- setting[2]
    sizes <- unique(pmax(1, floor(p * c(0.002, 0.01, 0.03, 0.1, 0.3))))
    for (q in sizes) {
      for (cutoff in c(0.6, 0.7, 0.75, 0.8, 0.9, 1)) ask(assumption, p, B, cutoff = cutoff, q = q)
      for (pfer in limits) ask(assumption, p, B, q = q, pfer = pfer)
    }
    if (p > 100 && assumption == "r-concave") next # stabs tries every size
    for (cutoff in c(0.6, 0.75, 0.9))
      for (pfer in limits) ask(assumption, p, B, cutoff = cutoff, pfer = pfer)
  }
}
