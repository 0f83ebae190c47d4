# Expected values of evaluate_models, by pROC, Hmisc and base R, from predictions of a simulated cohort.
# Usage: Rscript generate.R FOLDER, where FOLDER holds data/synth.csv, data/synth_predictions.csv and the results of
# ResourceSelection, dcurves, rmda, psych and rms on them (hosmer_lemeshow.json, dcurves.json, rmda.json, kappa.json,
# valprob_synth.json, calibration_extra.json, roc_synth.json).
suppressMessages({library(pROC); library(Hmisc); library(jsonlite)})
G <- commandArgs(TRUE)[1]
text <- read.csv(file.path(G, "data/synth_predictions.csv"), colClasses = "character")
cohort <- read.csv(file.path(G, "data/synth.csv"))
row <- match(as.integer(text$id), cohort$id)
text$junior <- cohort$reader_junior[row]; text$senior <- cohort$reader_senior[row]
write.csv(text, "predictions.csv", row.names = FALSE, quote = FALSE)
P <- read.csv("predictions.csv")
golden <- function(name) fromJSON(file.path(G, paste0(name, ".json")), simplifyVector = TRUE)
roc_json <- fromJSON(file.path(G, "roc_synth.json"), simplifyVector = FALSE)
rows <- list()
expect <- function(table, split, model, other, column, value, tier = "direct") if (is.finite(value))
  rows[[length(rows) + 1]] <<- data.frame(table, split, model, other, column, value = sprintf("%.17g", value), tier)
models <- c("clinical", "tumor", "ln", "clinrad"); splits <- c("train", "internal", "external", "prospective")
hl <- golden("hosmer_lemeshow"); vp <- golden("valprob_synth"); ce <- golden("calibration_extra")
cuts <- sapply(roc_json$train$conf, function(c) c$cut); names(cuts) <- models
for (s in splits) {
  d <- P[P$set == s, ]; curve <- lapply(models, function(m) roc(d$alnm, d[[m]], quiet = TRUE, direction = "<", levels = c(0, 1))); names(curve) <- models
  for (k in seq_along(models)) { m <- models[k]
    e <- roc_json[[s]]$models[[k]]; c <- roc_json[[s]]$conf[[k]]; stopifnot(e$model == m, c$model == m)
    put <- function(column, value) expect("performance", s, m, "", column, value)
    put("n", nrow(d)); put("events", sum(d$alnm)); put("auc", e$auc); put("ci_low", e$ci[[1]]); put("ci_high", e$ci[[3]]); put("cutoff", c$cut)
    put("tp", c$TP); put("fp", c$FP); put("tn", c$TN); put("fn", c$FN)
    share <- function(name, x, n) { b <- binom.test(x, n); put(name, x / n); put(paste0(name, "_low"), b$conf.int[1]); put(paste0(name, "_high"), b$conf.int[2]) }
    share("acc", c$TP + c$TN, nrow(d)); share("sen", c$TP, c$TP + c$FN); share("spe", c$TN, c$TN + c$FP); share("ppv", c$TP, c$TP + c$FP); share("npv", c$TN, c$TN + c$FN)
    h <- hl[[paste(s, m)]]; for (pair in list(c("chi_squared", "chisq"), c("df", "df"), c("p", "p"))) expect("hosmer_lemeshow", s, m, "", pair[1], h[[pair[2]]])
    if (m != "clinical") { z <- roc.test(curve[[m]], curve$clinical)
      for (x in list(list("z", z$statistic), list("p", z$p.value), list("ci_low", z$conf.int[1]), list("ci_high", z$conf.int[2]))) expect("delong", s, m, "clinical", x[[1]], unname(x[[2]]))
      measure <- function(name, old, new) { q <- improveProb(old, new, d$alnm)
        for (x in list(c("value", "nri"), c("se", "se.nri"), c("z", "z.nri"), c("events", "nri.ev"), c("non_events", "nri.ne"))) expect("reclassification", s, m, name, x[1], q[[x[2]]])
        q }
      q <- measure("nri_continuous", d$clinical, d[[m]])
      for (x in list(c("value", "idi"), c("se", "se.idi"), c("z", "z.idi"), c("events", "improveSens"), c("non_events", "improveSpec"))) expect("reclassification", s, m, "idi", x[1], q[[x[2]]])
      measure("nri_categorical", as.numeric(d$clinical >= cuts["clinical"]), as.numeric(d[[m]] >= cuts[m]))
      measure("nri_categorical_common_cutoff", as.numeric(d$clinical >= cuts[m]), as.numeric(d[[m]] >= cuts[m])) }
    else expect("delong", s, "ln", "clinrad", "z", unname(roc.test(curve$ln, curve$clinrad)$statistic)) }
  v <- vp[[s]]; put <- function(column, value, tier) expect("calibration", s, "clinrad", "", column, value, tier)
  put("slope", v$val.prob$Slope, "iterative"); put("intercept", v$val.prob$Intercept, "iterative"); put("citl", v$citl, "iterative"); put("brier", v$brier, "direct"); put("observed_expected", v$oe, "direct")
  put("spiegelhalter_z", v$val.prob$`S:z`, "direct")
  if (s != "train") for (x in list(c("ici", "ici"), c("e50", "e50"), c("e90", "e90"), c("emax", "emax"), c("log_loss", "logloss"))) put(x[1], ce[[s]][[x[2]]], "direct")
}
dc <- as.data.frame(golden("dcurves")$prospective[c("variable", "threshold", "net_benefit", "net_intervention_avoided")])
for (i in which(dc$variable %in% c("clinical", "clinrad") & dc$threshold < 0.995)) { t <- sprintf("%.2f", dc$threshold[i])
  expect("dca", "prospective", dc$variable[i], t, "net_benefit", dc$net_benefit[i])
  a <- suppressWarnings(as.numeric(dc$net_intervention_avoided[i])); if (dc$threshold[i] > 0) expect("dca", "prospective", dc$variable[i], t, "interventions_avoided", a / 100) }
rm <- as.data.frame(golden("rmda")$prospective[c("thresholds", "model", "prob.high.risk", "DP")]); rm <- rm[1:100, ]
for (i in 1:100) expect("impact", "prospective", "clinrad", sprintf("%.2f", rm$thresholds[i]), "high_risk", 1000 * as.numeric(rm$prob.high.risk[i]))
k <- golden("kappa")$synth_readers; expect("kappa", "prospective", "junior", "senior", "kappa", k$psych$kappa)
expect("kappa", "prospective", "junior", "senior", "z", k$irr_unweighted$statistic)
for (s in splits) { d <- P[P$set == s, ]
  test <- function(name, a, b) { a <- factor(a, 0:1); b <- factor(b, 0:1); t <- table(a, b); n <- t[2, 1] + t[1, 2]
    put <- function(column, value) expect("mcnemar", s, "junior", paste0("senior|", name), column, value)
    put("only_first", t[2, 1]); put("only_second", t[1, 2]); put("chi_squared", unname(mcnemar.test(t, correct = FALSE)$statistic))
    put("p_corrected", mcnemar.test(t)$p.value); put("p_exact", if (n > 0) binom.test(t[2, 1], n)$p.value else 1) }
  test("accuracy", +(d$junior == d$alnm), +(d$senior == d$alnm)); e <- d[d$alnm == 1, ]; test("sensitivity", e$junior, e$senior)
  e <- d[d$alnm == 0, ]; test("specificity", 1 - e$junior, 1 - e$senior); test("positive_calls", d$junior, d$senior) }
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
cat(length(rows), "values;", R.version.string, "; pROC", format(packageVersion("pROC")), "; Hmisc", format(packageVersion("Hmisc")), "\n")
