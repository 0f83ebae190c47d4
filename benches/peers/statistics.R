# The R side of statistics.py: Rscript statistics.R TASK FOLDER REPEATS [DCURVES_SOURCE]; prints CPU seconds of one repeat and its result.
arguments <- commandArgs(TRUE)
task <- arguments[1]
read <- function(name) {
  path <- file.path(arguments[2], paste0(name, ".f64"))
  readBin(path, "double", file.size(path) / 8, endian = "little")
}
first <- read("first"); second <- read("second"); outcome <- read("outcome")
repeats <- as.integer(arguments[3])

# ResourceSelection 0.3-6 is not in Debian: the same steps (quantile, cut, xtabs twice) written out.
hosmer_lemeshow <- function(y, p, g = 10) {
  group <- cut(p, breaks = unique(quantile(p, probs = seq(0, 1, 1 / g))), include.lowest = TRUE)
  observed <- xtabs(cbind(1 - y, y) ~ group)
  expected <- xtabs(cbind(1 - p, p) ~ group)
  statistic <- sum((observed - expected)^2 / expected)
  pchisq(statistic, nrow(observed) - 2, lower.tail = FALSE)
  statistic
}

work <- switch(task,
  delong = {
    suppressMessages(library(pROC))
    function() {
      a <- roc(outcome, first, levels = c(0, 1), direction = "<", quiet = TRUE)
      b <- roc(outcome, second, levels = c(0, 1), direction = "<", quiet = TRUE)
      unname(roc.test(a, b, method = "delong", paired = TRUE)$statistic)
    }
  },
  bootstrap = {
    suppressMessages(library(pROC))
    function() {
      set.seed(1)
      curve <- roc(outcome, first, levels = c(0, 1), direction = "<", quiet = TRUE)
      ci.auc(curve, method = "bootstrap", boot.n = 2000, progress = "none")[1]
    }
  },
  decision = {
    if (length(arguments) > 3) {
      suppressMessages({ library(dplyr); library(rlang) })
      invisible(lapply(list.files(arguments[4], "\\.[rR]$", full.names = TRUE), source))
    } else suppressMessages(library(dcurves))
    table <- data.frame(outcome = outcome, first = first)
    function() {
      curve <- suppressMessages(dca(outcome ~ first, table, thresholds = seq(0.01, 0.99, by = 0.01)))$dca
      curve$net_benefit[curve$variable == "first"][50]
    }
  },
  hosmer_lemeshow = function() hosmer_lemeshow(outcome, first)
)
value <- work()
gc(FALSE)
start <- proc.time()
for (i in seq_len(repeats)) value <- work()
spent <- proc.time() - start
cat(sprintf("%.6e %.17g\n", (spent[["user.self"]] + spent[["sys.self"]]) / repeats, value))
