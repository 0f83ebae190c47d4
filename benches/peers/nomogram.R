# The R side of nomogram.py: Rscript nomogram.R TASK FOLDER REPEATS ROWS COLUMNS; prints CPU seconds of one repeat and a number to compare.
arguments <- commandArgs(TRUE)
task <- arguments[1]
repeats <- as.integer(arguments[3]); n <- as.integer(arguments[4]); p <- as.integer(arguments[5])
read <- function(name) {
  path <- file.path(arguments[2], paste0(name, ".f64"))
  readBin(path, "double", file.size(path) / 8, endian = "little")
}
x <- matrix(read("features"), n, p); y <- read("outcome")
if (task != "univariable") {
  suppressMessages(library(rms))
  d <- data.frame(y = y, x); formula <- as.formula(paste("y ~", paste(names(d)[-1], collapse = " + ")))
  model <- lrm(formula, d, x = TRUE, y = TRUE)
}
work <- switch(task,
  validate = function() { set.seed(1); sum(validate(model, B = 1000)[, "index.corrected"]) },
  calibrate = function() { set.seed(1); sum(calibrate(model, B = 1000)[, "calibrated.corrected"]) },
  fit = function() { f <- lrm(formula, d); sum(coef(f) / sqrt(diag(vcov(f)))) },
  univariable = function() sum(sapply(seq_len(p), function(j) summary(glm(y ~ x[, j], family = binomial()))$coefficients[2, 3]^2))
)
if (repeats > 1) work()
gc(FALSE)
start <- proc.time()
invisible(capture.output(for (i in seq_len(repeats)) value <- work()))
spent <- proc.time() - start
cat(sprintf("%.6e %.6e %.17g\n", (spent[["user.self"]] + spent[["sys.self"]]) / repeats, spent[["elapsed"]] / repeats, value))
