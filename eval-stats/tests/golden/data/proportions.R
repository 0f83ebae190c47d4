# Intervals of proportions by R. Rscript proportions.R OUT.json CASES SEED
suppressMessages(library(Hmisc))
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
one <- function(i) {
  n <- c(1, 2, 5, 23, 180, 2500, 1e6, 1e9)[1 + i %% 8]
  x <- c(0, n, 1, n - 1, floor(n / 2), floor(runif(1) * (n + 1)))[1 + (i %/% 8) %% 6]
  level <- c(.95, .5, .9, .99, .9999)[1 + (i %/% 3) %% 5]; tail <- (1 - level) / 2
  test <- function(correct) as.numeric(suppressWarnings(prop.test(x, n, conf.level = level, correct = correct)$conf.int))
  list(x = x, n = n, level = level,
       # binom.test adds up every outcome for its p-value; its interval is these quantiles.
       clopper_pearson = if (n <= 1e6) as.numeric(binom.test(x, n, conf.level = level)$conf.int)
         else c(if (x == 0) 0 else qbeta(tail, x, n - x + 1), if (x == n) 1 else qbeta(1 - tail, x + 1, n - x)),
       hmisc_exact = as.numeric(binconf(x, n, 1 - level, "exact")[2:3]),
       hmisc_wilson = as.numeric(binconf(x, n, 1 - level, "wilson")[2:3]),
       wilson = test(FALSE), wilson_corrected = test(TRUE),
       jeffreys = c(if (x == 0) 0 else qbeta(tail, x + .5, n - x + .5), if (x == n) 1 else qbeta(1 - tail, x + .5, n - x + .5)))
}
write(json(list(versions = c(R.version.string, paste("Hmisc", packageVersion("Hmisc"))), cases = lapply(seq_len(cases), one))), args[1])
