# Rscript calibration_r.R FOLDER: reads synth_predictions.csv, writes calibration_r.json and loess_r.json in FOLDER.
# R 4.2.2, rms 6.5-0, Hmisc 4.8-0.
suppressMessages(library(rms)); setwd(commandArgs(TRUE)[1])
num <- function(x) ifelse(is.na(x), "null", ifelse(is.infinite(x), ifelse(x > 0, '"Inf"', '"-Inf"'), sprintf("%.17g", x)))
J <- function(o) if (is.list(o) && is.null(names(o))) paste0("[", paste(vapply(o, J, ""), collapse = ",\n"), "]") else if (is.list(o)) paste0("{", paste(sprintf('"%s":%s', names(o), vapply(o, J, "")), collapse = ","), "}") else if (is.character(o)) paste0('"', o, '"') else if (length(o) == 1 && !inherits(o, "AsIs")) num(o) else paste0("[", paste(num(unclass(o)), collapse = ","), "]")
P <- read.csv("synth_predictions.csv"); SETS <- c("train", "internal", "external", "prospective"); o <- list()
of <- function(s, m) { d <- P[P$set == s, ]; list(p = d[[m]], y = d$alnm) }
tight <- function(...) { a <- list(...); a$control <- glm.control(epsilon = 1e-15, maxit = 100); a$family <- binomial; f <- suppressWarnings(do.call(glm, a)); a$start <- coef(f); suppressWarnings(do.call(glm, a)) }

# loess on awkward data: fits, predictions at new x, standard errors with exact degrees of freedom.
set.seed(11)
xs <- list(plain = runif(40), ties = round(runif(60), 1), few = sample(1:5, 40, TRUE) / 8, outlier = c(rnorm(24), 40), skewed = plogis(rnorm(50, -2, 2)), block = c(rep(.3, 20), runif(40)), tiny = c(1, 2, 4, 8, 16), small = rnorm(9))
loess_case <- function(x, y, span, degree, surface) {
  f <- suppressWarnings(loess(y ~ x, span = span, degree = degree, surface = surface, statistics = "exact")); u <- seq(min(x), max(x), length.out = 9); e <- c(min(x) - 1, max(x) + 1)
  at <- c(u, e)
  r <- list(x = x, y = I(y), span = span, degree = degree, surface = surface, fitted = I(unname(fitted(f))), at = at, predicted = unname(suppressWarnings(predict(f, data.frame(x = at)))))
  # R has no operator for interpolated constants; saturated fits have no standard error.
  if ((degree > 0 || surface == "direct") && f$one.delta > 1e-6) { s <- suppressWarnings(predict(f, data.frame(x = u), se = TRUE)); r$se <- unname(s$se.fit); r$df <- s$df; r$scale <- s$residual.scale; r$trace <- f$trace.hat }
  r }
o$loess <- list()
for (n in names(xs)) { x <- xs[[n]]; y <- if (n %in% c("tiny", "small")) round(rnorm(length(x)), 3) else rbinom(length(x), 1, rank(x) / (length(x) + 1))
  for (k in list(list(.75, 2), list(.75, 1), list(.5, 1), list(.9, 0), list(1.5, 2))) for (surface in c("direct", "interpolate")) { if (n %in% c("few", "ties", "block", "small") && k[[1]] == .5) next; o$loess[[length(o$loess) + 1]] <- loess_case(x, y, k[[1]], k[[2]], surface) } }

# lowess with ties, constant x, few points.
lx <- list(round(runif(50), 1), rep(.4, 12), runif(30), c(1, 2, 3), 5, sample(0:1, 20, TRUE), c(rnorm(30), 60))
o$lowess <- list()
for (x in lx) { y <- rnorm(length(x)); for (k in list(list(2/3, 0, .01), list(.4, 3, 0), list(1, 1, .2))) { d <- k[[3]] * diff(range(x)); f <- lowess(x, y, f = k[[1]], iter = k[[2]], delta = d); o$lowess[[length(o$lowess) + 1]] <- list(x = I(x), y = I(y), f = k[[1]], iter = k[[2]], delta = d, fit = I(f$y)) } }

# Hosmer-Lemeshow by rule. Sas is PROC LOGISTIC's manual in R; the others are R's own functions.
sas <- function(p, g) { M <- floor(length(p) / g + .5); t <- table(p); id <- integer(length(t)); k <- 1; c <- 0
  for (j in seq_along(t)) { if (j > 1 && !(c < M && c + floor(.5 * t[j]) <= M)) { k <- k + 1; c <- 0 }; c <- c + t[j]; id[j] <- k }
  if (k > 1 && sum(t[id == k]) <= floor(.5 * length(p) / g)) id[id == k] <- k - 1
  id[match(p, sort(unique(p)))] }
rules <- list(quantiles = function(p, g) as.integer(cut(p, unique(quantile(p, (0:g) / g)), include.lowest = TRUE)), cut2 = function(p, g) as.integer(cut2(p, g = g)), type2 = function(p, g) as.integer(cut(p, unique(c(-1, quantile(p, (1:g) / g, type = 2))))), sas = sas, widths = function(p, g) findInterval(p, (0:g) / g, rightmost.closed = TRUE), breaks = function(p, g) findInterval(p, c(.05, .2, .5)))
o$hosmer_lemeshow <- list()
for (s in SETS) for (digits in c(12, 2, 1)) for (g in c(4, 10)) { d <- of(s, "clinrad"); p <- round(d$p, digits)
  for (r in names(rules)) { i <- factor(rules[[r]](p, g)); n <- tapply(d$y, i, length); O <- tapply(d$y, i, sum); E <- tapply(p, i, sum); F <- tapply(1 - p, i, sum); q <- ifelse(O == E, 0, (O - E)^2 / E) + ifelse(n - O == F, 0, (n - O - F)^2 / F); x <- sum(q); G <- nlevels(i); w <- t(mapply(function(x, n) c(NA, suppressWarnings(prop.test(x, n, correct = FALSE))$conf.int), O, n))
    o$hosmer_lemeshow[[length(o$hosmer_lemeshow) + 1]] <- list(set = s, digits = digits, g = g, rule = r, n = I(as.numeric(n)), observed = I(as.numeric(O)), expected = I(as.numeric(E)), chisq = x, df = G - 2, p = if (G > 2) pchisq(x, G - 2, lower = FALSE) else NA, p_external = pchisq(x, G, lower = FALSE), wilson_low = I(w[, 2]), wilson_high = I(w[, 3])) } }

# val.prob, its lrm.fit continued to convergence; and as it stands, which shows how early it stops.
converged <- val.prob; environment(converged) <- new.env(parent = environment(val.prob)); assign("lrm.fit", function(..., maxit = 50) rms::lrm.fit(..., maxit = maxit, eps = 1e-9), environment(converged))
o$val_prob <- list(); for (s in SETS) for (m in c("clinical", "tumor", "ln", "clinrad")) { d <- of(s, m); o$val_prob[[length(o$val_prob) + 1]] <- list(set = s, model = m, converged = local({ v <- converged(d$p, d$y, pl = FALSE); v["D:p"] <- pchisq(v["D:Chi-sq"], 1, lower = FALSE); as.list(v) }), default = as.list(val.prob(d$p, d$y, pl = FALSE))) }

# Likelihood-ratio tests, O/E, decomposition.
o$recalibration <- list(); for (s in SETS) for (m in c("clinical", "clinrad")) { d <- of(s, m); l <- qlogis(d$p); y <- d$y
  a <- tight(y ~ 1, offset = l); b <- tight(y ~ l); l0 <- sum(dbinom(y, 1, d$p, log = TRUE)); la <- as.numeric(logLik(a)); lb <- as.numeric(logLik(b))
  pt <- poisson.test(sum(y), sum(d$p)); se <- sqrt((1 - mean(y)) / sum(y)); oe <- sum(y) / sum(d$p); r <- round(d$p, 1); k <- tapply(y, r, length); v <- tapply(y, r, mean); u <- as.numeric(names(v))
  o$recalibration[[length(o$recalibration) + 1]] <- list(set = s, model = m, joint = 2 * (lb - l0), joint_p = pchisq(2 * (lb - l0), 2, lower = FALSE), large = 2 * (la - l0), large_p = pchisq(2 * (la - l0), 1, lower = FALSE), slope = 2 * (lb - la), slope_p = pchisq(2 * (lb - la), 1, lower = FALSE), wald = as.numeric(confint.default(b)), oe = oe, poisson = as.numeric(pt$conf.int), log_wald = oe * exp(c(-1, 1) * qnorm(.975) * se), reliability = sum(k * (u - v)^2) / length(y), resolution = sum(k * (v - mean(y))^2) / length(y)) }

# Bootstrap: one sequence, sample.int; fits to convergence; failed replicates left out.
stat <- function(p, y, surface) { b <- mean((y - p)^2); two <- length(unique(y)) > 1; l <- qlogis(p); separated <- !two || max(p[y == 0]) <= min(p[y == 1]) || max(p[y == 1]) <= min(p[y == 0])
  f <- suppressWarnings(loess(y ~ p, surface = surface)); e <- abs(fitted(f) - p); ab <- if (separated) c(NA, NA) else coef(tight(y ~ l))
  c(b, if (two) 1 - b / (mean(y) * (1 - mean(y))) else NA, sum(y) / sum(p), if (two) coef(tight(y ~ 1, offset = l)) else NA, ab, mean(e), quantile(e, .5), quantile(e, .9), max(e)) }
o$bootstrap <- list(); for (k in list(list("prospective", "clinrad", 1:1000, "interpolate"), list("external", "clinical", 1:1000, "direct"), list("internal", "ln", 1:12, "interpolate"))) { d <- of(k[[1]], k[[2]]); i <- k[[3]][k[[3]] <= length(d$y)]; p <- d$p[i]; y <- d$y[i]; set.seed(7)
  r <- replicate(60, { j <- sample.int(length(y), replace = TRUE); stat(p[j], y[j], k[[4]]) }); q <- apply(r, 1, quantile, c(.025, .975), na.rm = TRUE)
  o$bootstrap[[length(o$bootstrap) + 1]] <- list(p = p, y = y, surface = k[[4]], value = unname(stat(p, y, k[[4]])), se = unname(apply(r, 1, sd, na.rm = TRUE)), low = unname(q[1, ]), high = unname(q[2, ]), failed = unname(apply(is.na(r), 1, sum))) }

# Pointwise bootstrap band of R's default loess; predictions outside a resample are NA.
d <- of("prospective", "clinrad"); at <- c(.001, .01, .05, .1, .3, .5, .7, .9, .95, .99); set.seed(3)
r <- replicate(60, { j <- sample.int(length(d$y), replace = TRUE); p <- d$p[j]; y <- d$y[j]; unname(suppressWarnings(predict(loess(y ~ p), data.frame(p = at)))) })
p <- d$p; y <- d$y
o$band <- list(at = at, observed = unname(predict(loess(y ~ p), data.frame(p = at))), low = unname(apply(r, 1, quantile, .025, na.rm = TRUE)), high = unname(apply(r, 1, quantile, .975, na.rm = TRUE)), used = apply(!is.na(r), 1, sum))
writeLines(J(o$loess), "loess_r.json"); o$loess <- NULL; writeLines(J(o), "calibration_r.json")
