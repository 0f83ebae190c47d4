# A model of the training set on the other sets of synth.csv: rms::val.prob, pROC's DeLong interval, calibration in the large by glm,
# distances from R's loess. R 4.2.2, rms 6.5-0, pROC 1.18.0.
# usage: Rscript generate_external.R   (in this folder; needs synth.csv)
suppressMessages({ library(rms); library(pROC) })
d <- read.csv("synth.csv", stringsAsFactors = FALSE)
d$us_alnm <- factor(d$us_alnm, c("Absent", "Present"))
tight <- glm.control(epsilon = 1e-15, maxit = 60)
model <- glm(alnm ~ us_alnm + tumor_score + ln_score, binomial(), d[d$set == "train", ], control = tight)
cohort <- function(set) {
  e <- d[d$set == set, ]; y <- e$alnm; p <- unname(predict(model, e, type = "response"))
  v <- val.prob(p, y, pl = FALSE)
  r <- roc(y, p, levels = c(0, 1), direction = "<"); ci <- as.numeric(ci.auc(r, method = "delong"))
  large <- glm(y ~ 1, binomial(), offset = qlogis(p), control = tight)
  joint <- glm(y ~ qlogis(p), binomial(), control = tight); js <- summary(joint)$coefficients
  off <- abs(fitted(loess(y ~ p)) - p)
  list(n = length(y), n_events = sum(y), auc = ci[c(2, 1, 3)], val_prob = unname(v), large = unname(coef(large)),
       large_se = summary(large)$coefficients[1, 2], intercept = js[1, 1:2], slope = js[2, 1:2], oe = sum(y) / sum(p),
       scaled_brier = 1 - mean((y - p)^2) / (mean(y) * (1 - mean(y))),
       errors = c(mean(off), median(off), quantile(off, .9, names = FALSE), max(off)))
}
sets <- setdiff(unique(d$set), "train")
num <- function(v) paste0("[", paste(ifelse(is.finite(v), sprintf("%.17g", v), "null"), collapse = ","), "]")
text <- function(o) paste0("{", paste(sprintf('"%s":%s', names(o), vapply(o, num, "")), collapse = ","), "}")
names <- names(suppressWarnings(val.prob(c(.1, .4, .6, .7), c(0, 1, 0, 1), pl = FALSE)))
all <- lapply(sets, cohort)
writeLines(paste0('{"val_prob_names":["', paste(names, collapse = '","'), '"],"sets":{',
  paste(sprintf('"%s":%s', sets, vapply(all, text, "")), collapse = ","), "}}"), "external.json")
