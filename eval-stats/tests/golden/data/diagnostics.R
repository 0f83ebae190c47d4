# Two-by-two tables, paired calls and predictive values.
# Rscript diagnostics.R DTCOMPAIR.R OUT.json CASES SEED
# DTCOMPAIR.R is R/DTComPair.R of the CRAN package DTComPair 1.0.3.
args <- commandArgs(TRUE)
source(args[1])
cases <- as.integer(args[3]); set.seed(as.integer(args[4]))
level <- function(i) c(.95, .9, .99, .5, .9999)[1 + (i %% 5)]
size <- function(i) c(3, 12, 60, 400, 5000)[1 + (i %/% 5) %% 5]
# 17 significant digits, which jsonlite does not print.
json <- function(x) {
  if (is.null(x)) return("null")
  if (is.list(x)) {
    items <- vapply(x, json, "")
    return(if (is.null(names(x))) paste0("[", paste(items, collapse = ","), "]")
           else paste0("{", paste0('"', names(x), '":', items, collapse = ","), "}"))
  }
  text <- if (is.character(x)) paste0('"', x, '"')
    else ifelse(is.na(x), "null", ifelse(is.infinite(x), ifelse(x > 0, '"Inf"', '"-Inf"'), sprintf("%.17g", x)))
  if (length(x) == 1) text else paste0("[", paste(text, collapse = ","), "]")
}

wilson <- function(x, n, conf) suppressWarnings(prop.test(x, n, conf.level = conf, correct = FALSE)$conf.int)

# Logit and Wald intervals of predictive values, Mercaldo, Lau and Zhou (2007).
at_prevalence <- function(tp, fn, fp, tn, pi, conf, adjust) {
  z <- qnorm(1 - (1 - conf) / 2)
  a <- if (adjust) z^2 / 2 else 0
  se <- (tp + a) / (tp + fn + 2 * a); n1 <- tp + fn + 2 * a
  sp <- (tn + a) / (tn + fp + 2 * a); n0 <- tn + fp + 2 * a
  lp <- qlogis(se * pi / (se * pi + (1 - sp) * (1 - pi)))
  ln <- qlogis(sp * (1 - pi) / ((1 - se) * pi + sp * (1 - pi)))
  vp <- (1 - se) / (se * n1) + sp / ((1 - sp) * n0)
  vn <- se / ((1 - se) * n1) + (1 - sp) / (sp * n0)
  c(plogis(lp + c(-z, z) * sqrt(vp)), plogis(ln + c(-z, z) * sqrt(vn)))
}
by_delta <- function(tp, fn, fp, tn, pi, conf) {
  z <- qnorm(1 - (1 - conf) / 2)
  v <- list(se = tp / (tp + fn), sp = tn / (tn + fp), pi = pi)
  var_se <- v$se * (1 - v$se) / (tp + fn); var_sp <- v$sp * (1 - v$sp) / (tn + fp)
  limits <- function(e) {
    d <- eval(deriv(e, c("se", "sp")), v); g <- attr(d, "gradient")
    pmin(1, pmax(0, as.numeric(d) + c(-z, z) * sqrt(g[1]^2 * var_se + g[2]^2 * var_sp)))
  }
  c(limits(quote(se * pi / (se * pi + (1 - sp) * (1 - pi)))),
    limits(quote(sp * (1 - pi) / ((1 - se) * pi + sp * (1 - pi)))))
}
confusion <- function(i) {
  x <- as.numeric(rmultinom(1, size(i), rgamma(4, .8))) + (if (i %% 2) 1 else 0)
  if (i %% 7 == 0) x <- x * 1e7
  tp <- x[1]; fp <- x[2]; fn <- x[3]; tn <- x[4]
  pi <- runif(1, .001, .999)
  a <- acc.1test(read.tab.1test(tp, fp, fn, tn), alpha = 1 - level(i))
  at <- pv.prev(pi, a)
  full <- all(x > 0)
  list(tp = tp, fp = fp, fn = fn, tn = tn, level = level(i), prevalence = pi,
       pdlr = if (full) as.numeric(a$pdlr[c(1, 3, 4)]), ndlr = if (full) as.numeric(a$ndlr[c(1, 3, 4)]),
       dor = if (full) exp(log(tp * tn / fp / fn) + c(0, -1, 1) * qnorm(1 - (1 - level(i)) / 2) * sqrt(sum(1 / x))),
       # Its NPV divides by the likelihood ratio where Bayes' theorem multiplies: not taken.
       ppv_projected = if (full) as.numeric(at[2:4]),
       npv_at = if (full) (tn / (tn + fp)) * (1 - pi) / ((fn / (tp + fn)) * pi + (tn / (tn + fp)) * (1 - pi)),
       logit = if (full) at_prevalence(tp, fn, fp, tn, pi, level(i), FALSE),
       adjusted = if (tp + fn > 0 && fp + tn > 0) at_prevalence(tp, fn, fp, tn, pi, level(i), TRUE),
       wald = if (full) by_delta(tp, fn, fp, tn, pi, level(i)))
}

# Tango (1998): the limits solve (b - c - n d)^2 = z^2 n (2 q + d (1 - d)).
tango <- function(b, c, n, conf) {
  z <- qnorm(1 - (1 - conf) / 2)
  if (b + c == 0) return(c(-1, 1) * z^2 / (n + z^2))
  excess <- function(d, sign) {
    B <- -b - c + (2 * n - b + c) * d; C <- -c * d * (1 - d)
    q <- (sqrt(pmax(0, B^2 - 8 * n * C)) - B) / (4 * n)
    sign * (b - c - n * d) - z * sqrt(pmax(0, n * (2 * q + d * (1 - d))))
  }
  root <- function(lo, hi, sign) uniroot(excess, c(lo, hi), sign = sign, tol = 1e-16, maxiter = 10000)$root
  # At d = -1 and 1 both sides are 0: that root is not the limit looked for.
  d <- min(1 - 1e-9, max(-1 + 1e-9, (b - c) / n))
  c(if (c == n) -1 else root(-1, d, 1), if (b == n) 1 else root(d, 1, -1))
}
# Newcombe (1998), method 10.
newcombe <- function(a, b, c, d, conf) {
  n <- a + b + c + d
  w1 <- wilson(a + b, n, conf); w2 <- wilson(a + c, n, conf); p1 <- (a + b) / n; p2 <- (a + c) / n
  m <- (a + b) * (c + d) * (a + c) * (b + d); k <- a * d - b * c
  phi <- if (m == 0) 0 else (if (k > 0) max(k - n / 2, 0) else k) / sqrt(m)
  half <- function(x, y) sqrt(x^2 - 2 * phi * x * y + y^2)
  c(p1 - p2 - half(p1 - w1[1], w2[2] - p2), p1 - p2 + half(w1[2] - p1, p2 - w2[1]))
}
paired <- function(i) {
  x <- as.numeric(rmultinom(1, size(i) + 2, rgamma(4, .7)))
  if (i %% 11 == 0) x <- c(5, 3, 3, 2)
  a <- x[1]; b <- x[2]; c <- x[3]; d <- x[4]; n <- sum(x); z <- qnorm(1 - (1 - level(i)) / 2)
  m <- matrix(c(a, c, b, d), 2); k <- min(b, c); some <- b + c > 0
  clip <- function(v) pmin(1, pmax(-1, v))
  lp <- log(2) + pbinom(k, b + c, .5, log.p = TRUE)
  list(both = a, only_first = b, only_second = c, neither = d, level = level(i),
       chisq = if (some) as.numeric(mcnemar.test(m, correct = FALSE)$statistic),
       log10_p = if (some) pchisq((b - c)^2 / (b + c), 1, lower.tail = FALSE, log.p = TRUE) / log(10),
       chisq_cc = if (some) as.numeric(mcnemar.test(m)$statistic),
       p_cc = if (some) mcnemar.test(m)$p.value,
       exact = if (some) binom.test(b, b + c)$p.value,
       log10_exact = if (some && b != c) lp / log(10),
       mid = if (some && b != c) 2 * pbinom(k, b + c, .5) - dbinom(k, b + c, .5),
       wald = clip((b - c) / n + c(-1, 1) * z * sqrt(b + c - (b - c)^2 / n) / n),
       bonett_price = { p <- (b + 1) / (n + 2); q <- (c + 1) / (n + 2); clip(p - q + c(-1, 1) * z * sqrt((p + q - (p - q)^2) / (n + 2))) },
       newcombe = clip(newcombe(a, b, c, d, level(i))),
       tango = tango(b, c, n, level(i)))
}

predictive <- function(i) {
  x <- as.numeric(rmultinom(1, size(i) + 10, rgamma(8, 1))) + (if (i %% 2) 1 else 0)
  if (i %% 4 == 0) x[7] <- x[7] + 1
  t <- do.call(read.tab.paired, as.list(x))
  pick <- function(side) {
    num <- function(v) { v <- as.numeric(v); if (is.nan(v)) NULL else v }
    r <- suppressWarnings(pv.rpv(t, 1 - level(i))[[side]]); g <- pv.gs(t)[[side]]; w <- pv.wgs(t)[[side]]
    if (is.nan(r$test1) || is.nan(r$test2)) return(NULL)
    list(first = r$test1, second = r$test2, ratio = num(r[[3]]), se = num(r[[4]]), low = num(r[[5]]), high = num(r[[6]]),
         z = num(r[[7]]), p = num(r[[8]]), gs = num(g[[4]]), wgs = num(w[[4]]))
  }
  # DTComPair: b positive on the second test only, c on the first only.
  list(events = x[c(1, 3, 2, 4)], non_events = x[c(5, 7, 6, 8)], level = level(i), ppv = pick("ppv"), npv = pick("npv"))
}

out <- list(versions = R.version.string, confusion = lapply(seq_len(cases), confusion),
            paired = lapply(seq_len(cases), paired), predictive = lapply(seq_len(cases), predictive))
write(json(out), args[2])
