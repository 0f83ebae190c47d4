# rms::validate with selection where some resamples keep no predictor. R 4.2.2, rms 6.5-0; lrm carried to a change of 1e-10.
# usage: Rscript generate_validate_null.R   (in this folder; needs synth.csv)
suppressMessages(library(rms))
d <- read.csv("synth.csv", stringsAsFactors = FALSE); d <- d[d$set == "train", ]
d$location <- factor(d$location, c("Left", "Right")); d$orientation <- factor(d$orientation, c("Parallel", "Nonparallel"))
f <- lrm(alnm ~ age + location + orientation, d, x = TRUE, y = TRUE, eps = 1e-10, maxit = 50)
one <- function(rule, type) { set.seed(3)
  v <- validate(f, B = 40, bw = TRUE, rule = rule, type = type, sls = .05, pr = FALSE)
  stopifnot(any(rowSums(attr(v, "kept")) == 0))
  m <- unclass(v)[, 1:5]
  paste0('{"n":', v[1, "n"], ',"rownames":["', paste(rownames(m), collapse = '","'), '"],"data":[',
         paste(apply(m, 1, function(r) paste0("[", paste(sprintf("%.17g", r), collapse = ","), "]")), collapse = ","), "]}") }
invisible(capture.output(r <- c(one("p", "individual"), one("p", "residual"), one("aic", "residual"), one("aic", "individual"))))
writeLines(paste0('{"p_individual":', r[1], ',"p_residual":', r[2], ',"aic_residual":', r[3], ',"aic_individual":', r[4], "}"), "validate_null.json")
