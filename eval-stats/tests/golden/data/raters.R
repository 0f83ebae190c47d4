# Two and many raters. Rscript raters.R KAPPAM_FLEISS.R OUT.json CASES SEED
# KAPPAM_FLEISS.R is R/kappam.fleiss.R of the CRAN package irr 0.84.1, its table of categories rounded to 16 digits.
suppressMessages({library(psych); library(vcd)})
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
args <- commandArgs(TRUE)
source(args[1]); cases <- as.integer(args[3]); set.seed(as.integer(args[4]))

two <- function(i) {
  k <- c(2, 2, 3, 4, 5)[1 + i %% 5]; n <- c(6, 25, 120, 3000)[1 + i %% 4]
  p <- rgamma(k * k, .4) + diag(k)[seq_len(k * k)] * rexp(1)
  m <- matrix(rmultinom(1, n, p), k)
  if (any(rowSums(m) == n) && any(colSums(m) == n)) m[1, 2] <- m[1, 2] + 1
  w <- matrix(round(runif(k * k), 2), k); w <- (w + t(w)) / 2; diag(w) <- 1
  if (i %% 3 == 0) m <- m + diag(k)
  lin <- 1 - abs(outer(1:k, 1:k, "-")) / (k - 1)
  of <- function(weights) {
    v <- Kappa(m, weights); s <- suppressWarnings(suppressMessages(cohen.kappa(m, w = weights)))
    list(value = as.numeric(v$Weighted[1]), ase = as.numeric(v$Weighted[2]), psych = s$weighted.kappa, psych_var = s$var.weighted)
  }
  u <- suppressWarnings(suppressMessages(cohen.kappa(m)))
  # Null variance of Fleiss, Cohen and Everitt (1969), equation 9.
  null <- function(w) {
    r <- rowSums(m) / sum(m); c <- colSums(m) / sum(m); e <- sum(w * outer(r, c))
    sqrt(max(0, sum(outer(r, c) * (w - outer(as.numeric(w %*% c), as.numeric(r %*% w), "+"))^2) - e^2) / sum(m) / (1 - e)^2)
  }
  list(table = lapply(seq_len(k), function(j) m[j, ]), plain = list(value = u$kappa, var = u$var.kappa, ase = as.numeric(Kappa(m)$Unweighted[2])),
       linear = of(lin), quadratic = of(1 - (1 - lin)^2), custom = of(w), weights = lapply(seq_len(k), function(j) w[j, ]),
       null_plain = null(diag(k)), null_linear = null(lin), null_custom = null(w))
}

many <- function(i) {
  n <- c(5, 12, 40, 200)[1 + i %% 4]; m <- c(2, 3, 6)[1 + i %% 3]; k <- c(2, 3, 5)[1 + (i %/% 2) %% 3]
  truth <- sample.int(k, n, TRUE, rgamma(k, .7) + .05)
  r <- sapply(seq_len(m), function(j) ifelse(runif(n) < .6, truth, sample.int(k, n, TRUE)))
  r[1:2, ] <- rep(1:2, each = m); r[2, 1] <- 1
  f <- kappam.fleiss(r, detail = TRUE); d <- f$detail
  pairs <- combn(m, 2)
  cohen <- apply(pairs, 2, function(p) { t <- table(factor(r[, p[1]], 1:k), factor(r[, p[2]], 1:k)); as.numeric(Kappa(t)$Unweighted[1]) })
  list(k = k, ratings = lapply(seq_len(m), function(j) r[, j] - 1), value = f$value, z = f$statistic,
       conger = kappam.fleiss(r, exact = TRUE)$value, light = mean(cohen),
       used = list(as.integer(rownames(d)) - 1), category = list(as.numeric(d[, 1])), category_z = list(as.numeric(d[, 2])))
}

# Bootstrap of Cohen's kappa: subjects drawn with replacement, percentiles of type 7.
boot <- function(seed) {
  a <- rep(c(0, 0, 1, 1, 2, 2), c(9, 2, 3, 8, 4, 6)); b <- rep(c(0, 1, 1, 0, 2, 0), c(9, 2, 3, 8, 4, 6))
  kappa <- function(i) as.numeric(Kappa(table(factor(a[i], 0:2), factor(b[i], 0:2)))$Unweighted[1])
  set.seed(seed); n <- length(a)
  t <- replicate(400, kappa(sample.int(n, n, replace = TRUE)))
  list(first = a, second = b, seed = seed, replicates = 400, value = kappa(seq_len(n)), sd = sd(t), limits = as.numeric(quantile(t, c(.025, .975))))
}

out <- list(versions = c(R.version.string, paste("psych", packageVersion("psych")), paste("vcd", packageVersion("vcd"))),
            two = lapply(seq_len(cases), two), many = lapply(seq_len(cases), many), bootstrap = boot(11))
write(json(out), args[2])
