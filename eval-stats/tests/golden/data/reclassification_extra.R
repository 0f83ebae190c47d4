# Rscript reclassification_extra.R DATA OUT: reclassification_extra.json from synth.csv and synth_predictions.csv in DATA.
# Hmisc 4.8-0, nricens 1.6. Risks rounded to twentieths are often equal to each other and to a cut.
suppressMessages({library(Hmisc); library(nricens)})
args <- commandArgs(TRUE)
P <- read.csv(file.path(args[1], "synth_predictions.csv")); S <- read.csv(file.path(args[1], "synth.csv"))
num <- function(x) ifelse(is.na(x), "null", sprintf("%.17g", x))
J <- function(x) {
  if (is.list(x)) paste0("{", paste0('"', names(x), '": ', vapply(x, J, ""), collapse = ",\n"), "}")
  else if (is.matrix(x)) paste0("[", paste(apply(x, 1, J), collapse = ", "), "]")
  else paste0("[", paste(num(as.numeric(x)), collapse = ", "), "]")
}
twentieths <- function(p) round(20 * p) / 20
log10p <- function(z) (log(2) + pnorm(-abs(z), log.p = TRUE)) / log(10)
improve <- function(x1, x2, y) {
  a <- unclass(improveProb(x1, x2, y)); a <- lapply(a[names(a) != "labels"], as.numeric)
  null.ev <- (a$pup.ev + a$pdown.ev) / a$na; null.ne <- (a$pup.ne + a$pdown.ne) / a$nb # Pencina 2008
  z <- with(a, c(z.nri, z.nri.ev, z.nri.ne, z.idi)); z0 <- a$nri / sqrt(null.ev + null.ne)
  c(a, list(p = 2 * pnorm(-abs(z)), log10.p = log10p(z), se.null = sqrt(c(null.ev + null.ne, null.ev, null.ne)),
            p.null = 2 * pnorm(-abs(z0)), log10.p.null = log10p(z0)))
}
o <- list()
for (s in c("train", "internal", "external", "prospective")) {
  d <- P[P$set == s, ]; x1 <- twentieths(d$clinical); x2 <- twentieths(d$clinrad); bin <- function(x) findInterval(x, c(0.3, 0.7)) / 3
  o[[s]] <- list(continuous = improve(x1, x2, d$alnm), categorical = improve(bin(x1), bin(x2), d$alnm), smooth = improve(d$clinical, d$clinrad, d$alnm))
}
rows <- function(seed, ...) { set.seed(seed); pdf(NULL); capture.output(r <- suppressMessages(nribin(..., niter = 100))); if (is.list(r)) r <- as.matrix(r$nri)[, 1:4]; unname(r) }
d <- P[P$set == "prospective", ]
o$ties_categories <- rows(3, d$alnm, p.std = twentieths(d$clinical), p.new = twentieths(d$clinrad), cut = c(6, 14) / 20)
o$ties_changes <- rows(4, d$alnm, p.std = twentieths(d$clinical), p.new = twentieths(d$clinrad), updown = "diff", cut = 0.1)
i <- S[S$set == "internal", ]; old <- as.matrix(i[c("age", "size")]); new <- as.matrix(i[c("age", "size", "ln_score")])
o$refit_categories <- rows(5, i$alnm, z.std = old, z.new = new, cut = c(0.4, 0.8))
o$refit_changes <- rows(6, i$alnm, z.std = old, z.new = new, updown = "diff", cut = 0.05)
# The IDI in resamples drawn and summarized as nricens does.
idi <- function(seed, y, risks, alpha = 0.05) {
  set.seed(seed); N <- length(y)
  one <- function(f) { r <- risks(f); a <- improveProb(r[[1]], r[[2]], y[f]); as.numeric(c(a$idi, a$improveSens, a$improveSpec)) }
  b <- t(replicate(100, one(as.integer(runif(N, 0, N)) + 1)))
  unname(cbind(one(1:N), apply(b, 2, sd), t(apply(b, 2, quantile, c(alpha / 2, 1 - alpha / 2), type = 2))))
}
o$idi <- idi(7, d$alnm, function(f) list(d$clinical[f], d$clinrad[f]))
fit <- function(z, f) { y <- i$alnm[f]; fitted(glm(y ~ ., binomial, data.frame(y, z[f, ]), control = glm.control(epsilon = 1e-14, maxit = 50))) }
o$idi_refit <- idi(8, i$alnm, function(f) list(fit(old, f), fit(new, f)))
writeLines(J(o), args[2])
