# rms::calibrate with the backward elimination of rms repeated in every resample. R 4.2.2, rms 6.5-0, jsonlite.
# usage: Rscript generate_calibrate_bw.R   (in this folder; needs synth.csv)
suppressMessages({library(rms); library(jsonlite)})
d <- read.csv("synth.csv", stringsAsFactors = FALSE); d <- d[d$set == "train", ]
d$margin <- factor(d$margin, c("Well", "Non")); d$us_alnm <- factor(d$us_alnm, c("Absent", "Present"))
d$posterior <- factor(d$posterior, c("None", "Shadowing", "Enhancement"))
fit <- lrm(alnm ~ age + size + margin + posterior + us_alnm + tumor_score + ln_score, d, x = TRUE, y = TRUE, eps = 1e-12, maxit = 60)
one <- function(rule, type, sls) {
  set.seed(3); invisible(capture.output(k <- calibrate(fit, B = 60, bw = TRUE, rule = rule, type = type, sls = sls)))
  list(predicted = as.numeric(k[, "predy"]), apparent = as.numeric(k[, "calibrated.orig"]), corrected = as.numeric(k[, "calibrated.corrected"]))
}
writeLines(toJSON(list(individual = one("p", "individual", .05), residual = one("p", "residual", .05)), digits = NA, na = "null"), "calibrate_bw.json")
