# The R side of selection.py: Rscript selection.R TASK FOLDER REPEATS ROWS COLUMNS; prints CPU seconds of one repeat and a number to compare.
arguments <- commandArgs(TRUE)
task <- arguments[1]
repeats <- as.integer(arguments[3]); n <- as.integer(arguments[4]); p <- as.integer(arguments[5])
read <- function(name) {
  path <- file.path(arguments[2], paste0(name, ".f64"))
  readBin(path, "double", file.size(path) / 8, endian = "little")
}
if (task == "icc") {
  suppressMessages(library(psych))
  readings <- array(read("readings"), c(n, 3, p))
} else {
  suppressMessages(library(glmnet))
  x <- matrix(read("features"), n, p)
  y <- read("outcome")
}
size <- function(fit) sum(abs(fit$beta[, ncol(fit$beta)]))
cross_validated <- function(measure) {
  fit <- cv.glmnet(x, y, family = "binomial", foldid = read("fold"), type.measure = measure)
  fit$cvm[fit$lambda == fit$lambda.1se] + fit$lambda.min
}
work <- switch(task,
  path = , large = function() size(glmnet(x, y, family = "binomial")),
  exact = function() glmnet(x, y, family = "binomial", thresh = 1e-14, maxit = 1e7)$dev.ratio[40],
  cv_deviance = function() cross_validated("deviance"),
  cv_auc = function() cross_validated("auc"),
  icc = function() sum(sapply(seq_len(p), function(j) suppressWarnings(ICC(readings[, , j], lmer = FALSE))$results$ICC[2]))
)
if (repeats > 1) work()
gc(FALSE)
start <- proc.time()
for (i in seq_len(repeats)) value <- work()
spent <- proc.time() - start
cat(sprintf("%.6e %.6e %.17g\n", (spent[["user.self"]] + spent[["sys.self"]]) / repeats, spent[["elapsed"]] / repeats, value))
