# usage: Rscript generate.R IRR_SOURCE     (reads tables.json, writes psych_irr.json and reml.json beside itself)
# R 4.2.2, psych 2.2.9, lme4 1.1-31, jsonlite; IRR_SOURCE is R/icc.R of the unpacked source package irr 0.84.1
suppressMessages({library(psych); library(jsonlite)})
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
source(commandArgs(TRUE)[1])
cases <- fromJSON(file.path(here, "tables.json"), simplifyVector = FALSE)
# Seventeen digits, so that every double is read back as it was.
json <- function(v) {
  if (is.list(v)) {
    inner <- sapply(v, json)
    if (is.null(names(v))) return(paste0("[", paste(inner, collapse = ","), "]"))
    return(paste0("{", paste0("\"", names(v), "\":", inner, collapse = ",\n"), "}"))
  }
  paste0("[", paste(sprintf("%.17g", v), collapse = ","), "]")
}
by_psych <- function(x, level, lmer) {
  t <- suppressWarnings(suppressMessages(ICC(x, lmer = lmer, alpha = 1 - level)))$results
  lapply(1:6, function(i) as.numeric(t[i, 2:8]))
}
models <- list(c("oneway", "consistency"), c("twoway", "agreement"), c("twoway", "consistency"))
by_irr <- function(x, level, r0) {
  found <- list()
  for (unit in c("single", "average")) for (m in models) {
    r <- icc(x, model = m[1], type = m[2], unit = unit, r0 = r0, conf.level = level)
    found[[length(found) + 1]] <- as.numeric(c(r$value, r$Fvalue, r$df1, r$df2, r$p.value, r$lbound, r$ubound))
  }
  found
}
matrix_of <- function(case) { x <- t(sapply(case$x, unlist)); colnames(x) <- paste0("r", seq_len(ncol(x))); x }
out <- list()
for (case in cases) if (!case$hard) {
  x <- matrix_of(case)
  out[[case$name]] <- list(psych = by_psych(x, case$level, FALSE), irr = by_irr(x, case$level, case$r0))
}
writeLines(json(out), file.path(here, "psych_irr.json"))

# Mean squares below the residual: the deviance of lme4, searched until it stops moving.
suppressMessages(library(lme4))
components <- function(x) {
  d <- data.frame(y = as.vector(x), s = factor(row(x)), r = factor(col(x)))
  parts <- lFormula(y ~ 1 + (1 | s) + (1 | r), d, REML = TRUE)
  deviance <- do.call(mkLmerDevfun, parts)
  best <- NULL
  for (a in c(0, 0.3, 1, 3)) for (b in c(0, 0.3, 1, 3)) {
    o <- nlminb(c(a, b), deviance, lower = 0, control = list(rel.tol = 1e-15, x.tol = 1e-14, eval.max = 1e4, iter.max = 1e4))
    if (is.null(best) || o$objective < best$objective) best <- o
  }
  deviance(best$par)
  opt <- list(par = best$par, fval = best$objective, conv = 0, message = "")
  fit <- mkMerMod(environment(deviance), opt, parts$reTrms, fr = parts$fr)
  v <- as.data.frame(VarCorr(fit))
  setNames(v$vcov, v$grp)
}
set.seed(4)
reml <- list()
for (i in 1:12) {
  n <- c(4, 6, 8)[i %% 3 + 1]; k <- c(2, 3, 5, 4)[i %% 4 + 1]
  x <- outer(rnorm(n) * (i %% 2) * 0.7, rep(1, k)) + outer(rep(1, n), rnorm(k) * (i %% 5 == 0)) + matrix(rnorm(n * k), n, k)
  x <- round(x, 3)
  v <- components(x); s <- v[["s"]]; r <- v[["r"]]; e <- v[["Residual"]]
  # As psych turns components into mean squares.
  b <- k * s + e; j <- n * r + e; w <- r + e
  forms <- c((b - w) / (b + (k - 1) * w), (b - e) / (b + (k - 1) * e + k * (j - e) / n), (b - e) / (b + (k - 1) * e),
             (b - w) / b, (b - e) / (b + (j - e) / n), (b - e) / b)
  reml[[i]] <- list(x = lapply(seq_len(n), function(q) x[q, ]), icc = forms)
}
writeLines(json(reml), file.path(here, "reml.json"))
