# Backward elimination by penalized likelihood ratio tests of whole terms, as logistf::backward does it: the term with the largest P leaves
# while P >= stay; every model is fitted with its own determinant. R 4.2.2, the fitters in R of logistf 1.26.1, jsonlite.
# usage: Rscript generate_firth_backward.R LOGISTF   (in this folder; LOGISTF is the unpacked source package; needs synth.csv)
suppressMessages(library(jsonlite))
for (s in file.path(commandArgs(TRUE)[1], "R", c("logistf.fit.old.R", "logistpl.old.R"))) source(s)
control <- list(maxit = 200, maxstep = 5, maxhs = 10, lconv = 1e-12, gconv = 1e-10, xconv = 1e-12)
d <- read.csv("synth.csv", stringsAsFactors = FALSE); d <- d[d$set == "train", ]
d$margin <- factor(d$margin, c("Well", "Non")); d$vascularity <- factor(d$vascularity, 0:3)
d$posterior <- factor(d$posterior, c("None", "Shadowing", "Enhancement"))
# A sign that only patients with metastasis show: no finite maximum likelihood estimate.
d$sign <- factor(ifelse(d$alnm == 1 & d$age > 60, "Present", "Absent"), c("Absent", "Present"))
small <- d[seq(1, nrow(d), 4), ]
fit <- function(x, y, cols) logistf.fit.old(x, y, rep(1, length(y)), firth = TRUE, col.fit = cols, control = control, collapse = FALSE)
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
