# Backward elimination by penalized likelihood ratio tests of whole terms: the term with the largest P leaves while P >= stay; every model is
# fitted with its own determinant, and a term is tested by holding its coefficients at 0 under that of the larger model. R 4.2.2, the fitter
# of firth_fit.R, which is first checked against logistf 1.26.1's numbers in firth_logistf.json; jsonlite.
# usage: Rscript generate_firth_backward.R   (in this folder; needs synth.csv, separation_glm.json and firth_logistf.json)
suppressMessages(library(jsonlite))
source("firth_fit.R"); check_against_logistf()
d <- read.csv("synth.csv", stringsAsFactors = FALSE); d <- d[d$set == "train", ]
d$margin <- factor(d$margin, c("Well", "Non")); d$vascularity <- factor(d$vascularity, 0:3)
d$posterior <- factor(d$posterior, c("None", "Shadowing", "Enhancement"))
# A sign that only patients with metastasis show: no finite maximum likelihood estimate.
d$sign <- factor(ifelse(d$alnm == 1 & d$age > 60, "Present", "Absent"), c("Absent", "Present"))
small <- d[seq(1, nrow(d), 4), ]
fit <- function(x, y, cols) firth_fit(x, y, free = cols)
backward <- function(data, terms, stay, interactions = list()) {
  y <- data$alnm; steps <- list()
  kept <- c(as.list(terms), interactions)
  repeat {
    labels <- sapply(kept, paste, collapse = ":")
    form <- if (length(labels)) reformulate(labels) else ~1
    x <- model.matrix(form, data); a <- attr(x, "assign"); full <- fit(x, y, seq_len(ncol(x)))
    # A main effect waits for the interactions it is part of.
    free <- Filter(function(i) !any(sapply(kept[-i], function(o) all(kept[[i]] %in% o))), seq_along(kept))
    lr <- vapply(free, function(i) 2 * (full$loglik - fit(x, y, which(a != i))$loglik), 0)
    df <- vapply(free, function(i) sum(a == i), 0L); p <- pchisq(lr, df, lower.tail = FALSE)
    out <- if (length(p) && max(p) >= stay) free[which.max(p)] else NA
    steps[[length(steps) + 1]] <- list(terms = I(labels[free]), chisq = I(as.numeric(lr)), df = I(as.numeric(df)), p = I(as.numeric(p)),
      removed = if (is.na(out)) NULL else unbox(labels[out]), loglik = unbox(full$loglik))
    if (is.na(out)) return(list(steps = steps, coef = I(unname(full$beta))))
    kept <- kept[-out]
  }
}
all <- c("age", "size", "margin", "posterior", "vascularity", "sign", "tumor_score", "ln_score")
writeLines(toJSON(list(all = backward(d, all, .05), small = backward(small, all, .157),
  interaction = backward(d, c("age", "sign", "margin", "ln_score"), .05, list(c("age", "margin"), c("sign", "margin"))),
  nothing = backward(small, c("age", "posterior"), .001)), digits = NA, null = "null"), "firth_backward.json")
