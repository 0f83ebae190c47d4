# Firth's penalty with case weights, and its corrected forms FLIC and FLAC, as logistf 1.26.1 composes them (R 4.2.2).
# The package's own fitters in R are used (logistf.fit.old, logistpl.old), which need no compiled code; FLIC refits the intercept by
# glm with the rest as offset, FLAC fits the data augmented by pseudo-observations of weight h/2 by maximum likelihood.
# usage: Rscript generate_firth.R LOGISTF   (in this folder; LOGISTF is the unpacked source package; needs synth.csv)
sources <- file.path(commandArgs(TRUE)[1], "R", c("logistf.fit.old.R", "logistpl.old.R"))
for (s in sources) source(s)
control <- list(maxit = 100, maxstep = 5, maxhs = 5, lconv = 1e-8, gconv = 1e-7, xconv = 1e-10)
d <- read.csv("synth.csv", stringsAsFactors = FALSE); d <- d[d$set == "train", ]
d$margin <- factor(d$margin, c("Well", "Non")); d$vascularity <- factor(d$vascularity, 0:3)
d$posterior <- factor(d$posterior, c("None", "Shadowing", "Enhancement"))
fit <- function(x, y, w, firth, cols) logistf.fit.old(x, y, w, firth = firth, col.fit = cols, control = control, collapse = FALSE)
# Estimates, profile limits and likelihood ratio tests of all columns.
full <- function(x, y, w, firth) {
  k <- ncol(x); f <- fit(x, y, w, firth, 1:k); limit <- f$loglik - qchisq(.95, 1) / 2
  # The limit is polished from logistpl's answer: its own stop leaves some 1e-8.
  end <- function(i, which) {
    near <- logistpl.old(x, y, f$beta, i, limit, firth, which, weight = w, plcontrol = control)$beta
    at <- function(b) fit.at(x, y, w, firth, i, b, f$beta) - limit
    width <- 1e-4 * max(1, abs(near - f$beta[i]))
    uniroot(at, near + c(-width, width), tol = 1e-15 * max(1, abs(near)), maxiter = 200)$root
  }
  fit.at <- function(x, y, w, firth, i, b, start) { start[i] <- b
    logistf.fit.old(x, y, w, firth = firth, col.fit = setdiff(1:k, i), init = start, control = control, collapse = FALSE)$loglik }
  v <- f$var
  # Since 1.24 logistf's standard errors come from the augmented weights w p (1 - p) (1 + h).
  if (firth) { h <- f$hat.diag; v <- solve(crossprod(x, (w * f$pi * (1 - f$pi) * ifelse(w > 0, 1 + h / w, 0)) * x)) }
  list(coef = f$beta, var = v, lo = sapply(1:k, end, -1), hi = sapply(1:k, end, 1), loglik = f$loglik, hat = f$hat.diag,
       prob = sapply(1:k, function(i) pchisq(2 * (f$loglik - fit(x, y, w, firth, setdiff(1:k, i))$loglik), 1, lower.tail = FALSE)))
}
flic <- function(x, y, w, f, level = .95) {
  lp <- drop(x[, -1, drop = FALSE] %*% f$coef[-1])
  g <- suppressWarnings(glm(y ~ 1, family = binomial(), offset = lp, weights = w, control = glm.control(1e-15, 60)))
  p <- g$fitted.values; info <- crossprod(x, w * p * (1 - p) * x)
  list(intercept = unname(coef(g)), var = solve(info), p = summary(g)$coefficients[1, 4],
       loglik = sum(w * log(ifelse(y == 1, p, 1 - p))) + determinant(info)$modulus[1] / 2)
}
flac <- function(x, y, w, f) {
  k <- ncol(x); n <- nrow(x); g <- c(rep(0, n), rep(1, 2 * n))
  xa <- cbind(rbind(x, x, x), g); ya <- c(y, y, 1 - y); wa <- c(w, f$hat / 2, f$hat / 2); use <- wa > 0
  xa <- xa[use, ]; ya <- ya[use]; wa <- wa[use]
  a <- full(xa, ya, wa, FALSE); null <- fit(xa[, c(1, k + 1)], ya, wa, FALSE, 1:2)$loglik; j <- 1:k
  list(coef = a$coef[j], var = a$var[j, j], lo = a$lo[j], hi = a$hi[j], prob = a$prob[j], loglik = c(a$loglik, null))
}
case <- function(formula, d, y, w) {
  x <- model.matrix(formula, d); f <- full(x, y, w, TRUE); null <- fit(x, y, w, TRUE, 1)$loglik
  f$loglik <- c(f$loglik, null)
  list(y = y, w = w, firth = f[names(f) != "hat"], flic = flic(x, y, w, f), flac = flac(x, y, w, f))
}
few <- d[1:60, ]; many <- d[1:100, ]
separated <- few; separated$alnm[separated$vascularity == 3] <- 1
ordinary <- ~ age + margin + posterior + tumor_score
o <- list(ordinary = case(ordinary, many, many$alnm, rep(1, 100)),
          separated = case(~ margin + vascularity + ln_score, separated, separated$alnm, rep(1, 60)),
          weighted = case(ordinary, many, many$alnm, ((1:100 * 7) %% 5) / 2))
num <- function(v) paste0("[", paste(sprintf("%.17g", v), collapse = ","), "]")
text <- function(v) if (is.list(v)) paste0("{", paste(sprintf('"%s":%s', names(v), sapply(v, text)), collapse = ","), "}") else
  if (is.matrix(v)) paste0('{"data":[', paste(apply(v, 1, num), collapse = ","), "]}") else num(v)
writeLines(text(o), "firth_corrected.json")
