# Firth's penalty with case weights, and its corrected forms FLIC and FLAC as Puhr and others define them (Statistics in Medicine 36, 2017):
# FLIC refits the intercept by maximum likelihood with the rest as offset, FLAC fits the data augmented by pseudo-observations of weight h/2
# and an indicator of them by maximum likelihood. R 4.2.2, the fitter of firth_fit.R, which is first checked against logistf 1.26.1's numbers
# in firth_logistf.json; jsonlite reads those.
# usage: Rscript generate_firth.R   (in this folder; needs synth.csv, separation_glm.json and firth_logistf.json)
source("firth_fit.R"); check_against_logistf()
d <- read.csv("synth.csv", stringsAsFactors = FALSE); d <- d[d$set == "train", ]
d$margin <- factor(d$margin, c("Well", "Non")); d$vascularity <- factor(d$vascularity, 0:3)
d$posterior <- factor(d$posterior, c("None", "Shadowing", "Enhancement"))
flic <- function(x, y, w, f) {
  lp <- drop(x[, -1, drop = FALSE] %*% f$coef[-1])
  g <- suppressWarnings(glm(y ~ 1, family = binomial(), offset = lp, weights = w, control = glm.control(1e-15, 60)))
  p <- g$fitted.values; info <- crossprod(x, w * p * (1 - p) * x)
  list(intercept = unname(coef(g)), var = solve(info), p = summary(g)$coefficients[1, 4],
       loglik = sum(w * log(ifelse(y == 1, p, 1 - p))) + determinant(info)$modulus[1] / 2)
}
flac <- function(x, y, w, f) {
  k <- ncol(x); n <- nrow(x); g <- c(rep(0, n), rep(1, 2 * n))
  xa <- cbind(rbind(x, x, x), g); ya <- c(y, y, 1 - y); wa <- c(w, f$hat / 2, f$hat / 2); use <- wa > 0
  xa <- xa[use, ]; ya <- ya[use]; wa <- wa[use]
  a <- firth_full(xa, ya, wa, penalty = FALSE); null <- firth_fit(xa, ya, wa, c(1, k + 1), penalty = FALSE)$loglik; j <- 1:k
  list(coef = a$coef[j], var = a$var[j, j], lo = a$lo[j], hi = a$hi[j], prob = a$prob[j], loglik = c(a$loglik[1], null))
}
case <- function(formula, d, y, w) {
  x <- model.matrix(formula, d); f <- firth_full(x, y, w)
  list(y = y, w = w, firth = f[names(f) != "hat"], flic = flic(x, y, w, f), flac = flac(x, y, w, f))
}
few <- d[1:60, ]; many <- d[1:100, ]
separated <- few; separated$alnm[separated$vascularity == 3] <- 1
ordinary <- ~ age + margin + posterior + tumor_score
o <- list(ordinary = case(ordinary, many, many$alnm, rep(1, 100)),
          separated = case(~ margin + vascularity + ln_score, separated, separated$alnm, rep(1, 60)),
          weighted = case(ordinary, many, many$alnm, ((1:100 * 7) %% 5) / 2))
num <- function(v) paste0("[", paste(sprintf("%.17g", v), collapse = ","), "]")
text <- function(v) if (is.list(v)) paste0("{", paste(sprintf('"%s":%s', names(v), sapply(v, text)), collapse = ","), "}") else
  if (is.matrix(v)) paste0('{"data":[', paste(apply(v, 1, num), collapse = ","), "]}") else num(v)
writeLines(text(o), "firth_corrected.json")
