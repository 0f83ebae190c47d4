# Readers without and with assistance. Rscript reader_study.R OUT.json CASES SEED
# AUCs, tests and covariances by pROC; analysis of variance by aov; Obuchowski and Rockette (1995) with the
# degrees of freedom of Hillis (2007); McNemar's tests by mcnemar.test and binom.test; kappa by vcd.
suppressMessages({library(pROC); library(vcd)})
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
args <- commandArgs(TRUE); cases <- as.integer(args[2]); set.seed(as.integer(args[3]))

mrmc <- function(rocs, R) { # rocs: readers without, then readers with
  theta <- sapply(rocs, function(r) as.numeric(auc(r)))
  V <- outer(seq_along(rocs), seq_along(rocs), Vectorize(function(i, j) if (i == j) var(rocs[[i]]) else cov(rocs[[i]], rocs[[j]])))
  test <- rep(1:2, each = R); reader <- rep(seq_len(R), 2)
  same_t <- outer(test, test, "=="); same_r <- outer(reader, reader, "==")
  c1 <- mean(V[!same_t & same_r]); c2 <- mean(V[same_t & !same_r]); c3 <- mean(V[!same_t & !same_r]); v <- mean(diag(V))
  d <- mean(theta[test == 2]) - mean(theta[test == 1])
  if (R == 1) return(list(difference = d, fixed_se = sqrt(2 * (v - c1))))
  ms <- suppressWarnings(anova(aov(theta ~ factor(test) * factor(reader))))[["Mean Sq"]]
  den <- ms[3] + R * max(c2 - c3, 0); df <- den^2 / (ms[3]^2 / (R - 1)); se <- sqrt(2 / R * den)
  list(difference = d, ms = ms, components = c(v, c1, c2, c3), se = se, df = df, t = d / se,
       p = pf(ms[1] / den, 1, df, lower.tail = FALSE), limits = d + c(-1, 1) * qt(.975, df) * se,
       fixed_se = sqrt(2 / R * (v - c1 + (R - 1) * max(c2 - c3, 0))))
}

one <- function(i) {
  n <- c(14, 40, 117, 300)[1 + i %% 4]; R <- c(1, 2, 3, 6)[1 + (i %/% 2) %% 4]; rated <- i %% 3 == 0
  y <- as.integer(seq_len(n) <= round(n * runif(1, .25, .7))); skill <- runif(R, .3, 1.5); gain <- rnorm(1, .4, .4)
  shared <- rnorm(n, y)
  read <- function(s) { x <- s * shared + rnorm(n); if (rated) pmin(5, pmax(1, round(x + 2))) else as.integer(x > .5) }
  without <- lapply(skill, read); with <- lapply(skill + gain, read)
  rocs <- lapply(c(without, with), function(x) roc(y, x, direction = "<", levels = c(0, 1), quiet = TRUE))
  reader <- function(r) {
    a <- rocs[[r]]; b <- rocs[[R + r]]
    t <- suppressWarnings(roc.test(b, a, paired = TRUE, method = "delong"))
    out <- list(auc = c(auc(a), auc(b)), ci_without = as.numeric(suppressWarnings(ci.auc(a)))[c(1, 3)], z = as.numeric(t$statistic), p = t$p.value)
    if (rated) return(out)
    right <- function(x, of) as.integer(x[of] == y[of])
    paired <- function(of) {
      p <- right(with[[r]], of); q <- right(without[[r]], of); b <- sum(p & !q); c <- sum(!p & q)
      list(shares = c(mean(p), mean(q)), discordant = c(b, c), exact = if (b + c > 0) binom.test(b, b + c)$p.value)
    }
    c(out, list(accuracy = paired(seq_len(n)), sensitivity = paired(y == 1), specificity = paired(y == 0)))
  }
  agree <- function(all) {
    if (rated || R < 2) return(NULL)
    pairs <- combn(R, 2)
    k <- apply(pairs, 2, function(p) as.numeric(Kappa(table(factor(all[[p[1]]], 0:1), factor(all[[p[2]]], 0:1)))$Unweighted))
    list(as.numeric(k[1, ]))
  }
  list(outcome = y, without = lapply(without, as.numeric), with = lapply(with, as.numeric), rated = rated, readers = lapply(seq_len(R), reader),
       kappa_without = agree(without), kappa_with = agree(with), mrmc = mrmc(rocs, R))
}
write(json(list(versions = c(R.version.string, paste("pROC", packageVersion("pROC")), paste("vcd", packageVersion("vcd"))),
                cases = lapply(seq_len(cases), one))), args[1])
