# Models with interactions and polynomials: coefficients, tests, elimination and the axes of the nomogram.
# R 4.2.2, rms 6.5-0, MASS 7.3-58.2, jsonlite. usage: Rscript generate_interactions.R   (in this folder; needs synth.csv)
suppressMessages({library(rms); library(MASS); library(jsonlite)})
d <- read.csv("synth.csv", stringsAsFactors = FALSE); d <- d[d$set == "train", ]
f <- function(v, levels) factor(d[[v]], levels)
d$posterior <- f("posterior", c("None", "Shadowing", "Enhancement")); d$margin <- f("margin", c("Well", "Non"))
d$shape <- f("shape", c("Oval", "Irregular")); d$us_alnm <- f("us_alnm", c("Absent", "Present"))
d$decade <- round(d$age / 15)          # six values: discrete for datadist
dd <- datadist(d); options(datadist = "dd")
q <- unname(quantile(d$size, c(.05, .35, .65, .95), type = 7)); q3 <- unname(quantile(d$size, c(.1, .5, .9), type = 7))
cases <- list(
  spline_factor = list(form = alnm ~ posterior * rcs(size, q) + margin),
  three_way = list(form = alnm ~ rcs(size, q3) * margin * us_alnm + ln_score),
  numeric_pair = list(form = alnm ~ age * size + us_alnm, interact = list(age = c(40, 50, 60))),
  polynomial_chain = list(form = alnm ~ pol(size, 3) + age * us_alnm + us_alnm * margin),
  factors = list(form = alnm ~ ln_score + posterior * margin),
  few_values = list(form = alnm ~ decade * size + decade * us_alnm))
one <- function(case) {
  fit <- lrm(case$form, d, x = TRUE, y = TRUE, eps = 1e-12, maxit = 60, tol = 1e-13)
  a <- anova(fit); rows <- rownames(a)
  main <- !grepl("Nonlinear|All Interactions|TOTAL|: f\\(", rows)
  tests <- data.frame(term = trimws(sub("\\(Factor\\+Higher Order Factors\\)", "", rows[main])), chisq = a[main, 1], df = a[main, 2], p = a[main, 3])
  nom <- if (is.null(case$interact)) nomogram(fit, fun = plogis, fun.at = c(.05, .1, .5, .9)) else
    nomogram(fit, interact = case$interact, fun = plogis, fun.at = c(.05, .1, .5, .9))
  k <- which(!names(nom) %in% c("total.points", "lp", "Predicted Value"))
  axes <- lapply(k, function(i) list(name = names(nom)[i], predictor = names(nom[[i]])[1], values = as.character(nom[[i]][[1]]),
    effect = unname(nom[[i]]$Xbeta), points = unname(nom[[i]]$points)))
  # The same model by glm, for the likelihood ratio tests and the elimination by AIC; hierarchy is R's.
  full <- glm(case$form, binomial, d, control = glm.control(epsilon = 1e-14, maxit = 60))
  drops <- drop1(full, test = "Chisq")[-1, , drop = FALSE]
  step <- stepAIC(full, direction = "backward", trace = 0)
  list(names = names(coef(fit)), coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), lp = unname(fit$linear.predictors),
    anova = tests, axes = axes, total = nom$total.points$x, lp_points = nom$lp$x, lp_at = nom$lp$x.real,
    drop1 = list(term = rownames(drops), lrt = drops$LRT, p = drops[["Pr(>Chi)"]], aic = drops$AIC),
    step = list(removed = sub("- ", "", as.character(step$anova$Step)[-1]), aic = step$anova$AIC))
}
writeLines(toJSON(lapply(cases, one), digits = NA, auto_unbox = FALSE, dataframe = "columns", pretty = FALSE), "interactions.json")
