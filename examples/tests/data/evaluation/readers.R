# A reader study on the simulated cohort, and what pROC, psych and base R make of it.
# Usage: Rscript readers.R in this folder; reads predictions.csv, writes readers.csv and expected_readers.csv.
suppressMessages({library(pROC); library(psych)})
P <- read.csv("predictions.csv", colClasses = "character")
set.seed(11)
call <- as.integer(as.numeric(P$clinrad) >= 0.6)
for (r in c("junior", "senior")) {
  P[[paste0(r, "_without")]] <- P[[r]]
  follows <- runif(nrow(P)) < 0.5
  P[[paste0(r, "_with")]] <- ifelse(follows, call, as.integer(P[[r]]))
}
# Ratings from 1 to 5 of a third reader: a reading without a call.
rating <- function(noise) as.integer(cut(as.numeric(P$clinrad) + rnorm(nrow(P), 0, noise), c(-Inf, .2, .4, .6, .8, Inf)))
P$rater_without <- rating(0.5); P$rater_with <- rating(0.2)
P <- P[c("id", "set", "alnm", "clinrad", outer(c("_without", "_with"), c("junior", "senior", "rater"), function(c, r) paste0(r, c)))]
write.csv(P, "readers.csv", row.names = FALSE, quote = FALSE)
P <- read.csv("readers.csv")
rows <- list()
expect <- function(table, split, reader, other, column, value)
  rows[[length(rows) + 1]] <<- data.frame(table, split, model = reader, other, column, value = sprintf("%.17g", unname(value)), tier = "direct")
area <- function(d, x) roc(d$alnm, x, quiet = TRUE, direction = "<", levels = c(0, 1))
for (s in unique(P$set)) { d <- P[P$set == s, ]; event <- d$alnm == 1
  for (r in c("junior", "senior", "rater")) { a <- d[[paste0(r, "_without")]]; b <- d[[paste0(r, "_with")]]
    t <- roc.test(area(d, b), area(d, a), paired = TRUE)
    expect("reader_changes", s, r, "auc", "difference", diff(rev(t$estimate))); expect("reader_changes", s, r, "auc", "p", t$p.value)
    expect("reader_changes", s, r, "auc", "ci_low", t$conf.int[1]); expect("reader_changes", s, r, "auc", "ci_high", t$conf.int[2])
    for (c in c("without", "with")) { x <- d[[paste0(r, "_", c)]]; e <- ci.auc(area(d, x))
      expect("readers", s, r, c, "auc", e[2]); expect("readers", s, r, c, "ci_low", e[1]); expect("readers", s, r, c, "ci_high", e[3])
      if (r != "rater") { right <- x == d$alnm
        for (m in list(list("acc", right), list("sen", right[event]), list("spe", right[!event]), list("ppv", right[x == 1]), list("npv", right[x == 0]))) { b5 <- binom.test(sum(m[[2]]), length(m[[2]]))
          expect("readers", s, r, c, m[[1]], b5$estimate); expect("readers", s, r, c, paste0(m[[1]], "_low"), b5$conf.int[1]); expect("readers", s, r, c, paste0(m[[1]], "_high"), b5$conf.int[2]) } } }
    if (r != "rater") for (m in list(list("accuracy", rep(TRUE, nrow(d))), list("sensitivity", event), list("specificity", !event))) { k <- m[[2]]
      gained <- sum(b[k] == d$alnm[k] & a[k] != d$alnm[k]); lost <- sum(a[k] == d$alnm[k] & b[k] != d$alnm[k])
      expect("reader_changes", s, r, m[[1]], "gained", gained); expect("reader_changes", s, r, m[[1]], "lost", lost)
      expect("reader_changes", s, r, m[[1]], "difference", (gained - lost) / sum(k))
      expect("reader_changes", s, r, m[[1]], "p", if (gained + lost > 0) binom.test(gained, gained + lost)$p.value else 1) } }
  for (c in c("without", "with")) { x <- cbind(d[[paste0("junior_", c)]], d[[paste0("senior_", c)]]); k <- cohen.kappa(x)
    expect("reader_agreement", s, c, "junior|senior", "kappa", k$kappa)
    expect("reader_agreement", s, c, "junior|senior", "agreement", mean(x[, 1] == x[, 2])) } }
write.csv(do.call(rbind, rows), "expected_readers.csv", row.names = FALSE, quote = FALSE)
cat(length(rows), "values;", R.version.string, "; pROC", format(packageVersion("pROC")), "; psych", format(packageVersion("psych")), "\n")
