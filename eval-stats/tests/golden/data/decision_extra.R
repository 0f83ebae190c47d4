# Rscript decision_extra.R DATA OUT: decision_extra.json from synth.csv and synth_predictions.csv in DATA.
# rmda 1.6, dcurves 0.5.1, MASS. Risks rounded to twentieths are often equal to a threshold, and some are 0 or 1.
suppressMessages({library(rmda); library(dcurves); library(MASS)})
args <- commandArgs(TRUE)
P <- read.csv(file.path(args[1], "synth_predictions.csv")); S <- read.csv(file.path(args[1], "synth.csv"))
num <- function(x) ifelse(is.na(x), "null", ifelse(is.infinite(x), ifelse(x > 0, '"Inf"', '"-Inf"'), sprintf("%.17g", x)))
J <- function(x) {
  if (is.list(x)) paste0("{", paste0('"', names(x), '": ', vapply(x, J, ""), collapse = ",\n"), "}")
  else paste0("[", paste(if (is.character(x)) paste0('"', x, '"') else num(as.numeric(x)), collapse = ", "), "]")
}
twentieths <- function(p) round(20 * p) / 20
set <- function(s, f = identity) { d <- P[P$set == s, ]; d$clinical <- f(d$clinical); d$clinrad <- f(d$clinrad); d }
curve <- function(seed, ...) { set.seed(seed); as.list(suppressMessages(decision_curve(...))$derived.data) }
fine <- (0:20) / 20; coarse <- (0:10) / 10
internal <- S[S$set == "internal", ]
o <- list()
o$ties <- curve(5, alnm ~ clinrad, set("prospective", twentieths), fitted.risk = TRUE, thresholds = fine,
                bootstraps = 200, confidence.intervals = 0.9)
o$opt_out <- curve(6, alnm ~ clinrad, set("prospective", twentieths), fitted.risk = TRUE, thresholds = fine,
                   bootstraps = 200, policy = "opt-out")
o$case_control <- curve(7, alnm ~ clinrad, set("external"), fitted.risk = TRUE, thresholds = coarse, bootstraps = 200,
                        study.design = "case-control", population.prevalence = 0.11)
o$refit <- curve(8, alnm ~ size + ln_score, internal, thresholds = coarse, bootstraps = 60)
o$refit_case_control <- curve(9, alnm ~ size + ln_score, internal, thresholds = coarse, bootstraps = 60,
                              study.design = "case-control", population.prevalence = 0.2)
dc <- function(x) as.list(as.data.frame(x$dca)[c("variable", "threshold", "n", "pos_rate", "tp_rate", "fp_rate", "harm", "net_benefit",
                                                 "net_intervention_avoided")])
d <- set("external", twentieths)
o$dcurves_ties <- dc(net_intervention_avoided(dca(alnm ~ clinical + clinrad, d, thresholds = (0:19) / 20), 100))
o$dcurves_harms <- dc(net_intervention_avoided(dca(alnm ~ clinical + clinrad, d, thresholds = (0:19) / 20, prevalence = 0.2,
                                                   harm = list(clinical = 0.01, clinrad = 0.03)), 100))
set.seed(1)
t <- c(1/3, 1/7, 2/7, 0.005, 0.0005, 0.123456, 0.999, 0.9999, 1e-9, pi / 4, exp(-1), runif(150))
o$fractions <- list(threshold = t, ratio = local({f <- as.character(fractions(t / (1 - t))); sub("/", ":", ifelse(grepl("/", f), f, paste0(f, "/1")))}))
axes <- list(c(0, 1, 6), c(0, 0.5, 6), c(0.05, 0.4, 4), c(0.2, 0.8, 9), c(0.1, 0.11, 5), c(0, 1, 30), c(0, 0.004, 6))
pdf(NULL); plot(0:1, 0:1)
o$axis <- list(low = vapply(axes, `[`, 0, 1), high = vapply(axes, `[`, 0, 2), n = vapply(axes, `[`, 0, 3),
               names = vapply(axes, function(a) paste(as.character(suppressWarnings(Add_CostBenefit_Axis(a[1:2], n.cost.benefits = a[3]))$name), collapse = " "), ""))
writeLines(J(o), args[2])
