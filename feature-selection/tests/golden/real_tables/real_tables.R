# usage: Rscript real_tables.R TABLES OUT.json     TABLES holds rotterdam.csv and radmlbench/*.csv.gz
# Default LASSO paths and cross-validations of five real tables, folds by a rule that any program can repeat:
# within each class rows are dealt to folds 1..K in their order.
suppressMessages(library(glmnet))
arguments <- commandArgs(TRUE)
g17 <- function(v) ifelse(is.na(v), "null", formatC(v, digits = 17, format = "g"))
array <- function(v) paste0("[", paste(g17(v), collapse = ","), "]")
strings <- function(v) paste0("[", paste0("\"", v, "\"", collapse = ","), "]")
deal <- function(y, k) { fold <- integer(length(y)); for (class in 0:1) { rows <- which(y == class); fold[rows] <- (seq_along(rows) - 1) %% k + 1 }; fold }
model <- function(fit, s) {
  b <- as.vector(coef(fit, s = s)); chosen <- which(b[-1] != 0)
  sprintf("{\"lambda\":%s,\"intercept\":%s,\"features\":%s,\"coefficients\":%s}", g17(fit[[s]]), g17(b[1]),
          if (length(chosen)) strings(rownames(coef(fit, s = s))[-1][chosen]) else "[]", if (length(chosen)) array(b[-1][chosen]) else "[]")
}
curve <- function(fit) sprintf("{\"lambda\":%s,\"cvm\":%s,\"cvsd\":%s,\"nzero\":%s,\"min\":%s,\"1se\":%s}", array(fit$lambda), array(fit$cvm), array(fit$cvsd),
                               array(fit$nzero), model(fit, "lambda.min"), model(fit, "lambda.1se"))
table_json <- function(name, x, y, k) {
  fold <- deal(y, k)
  path <- glmnet(x, y, family = "binomial")
  deviance <- cv.glmnet(x, y, family = "binomial", foldid = fold)
  auc <- cv.glmnet(x, y, family = "binomial", foldid = fold, type.measure = "auc")
  sprintf("\"%s\":{\"rows\":%d,\"columns\":%d,\"events\":%d,\"folds\":%d,\"passes\":%d,\"df\":%s,\"deviance\":%s,\"auc\":%s}", name, nrow(x), ncol(x), sum(y), k,
          path$npasses, array(path$df), curve(deviance), curve(auc))
}
radiomics <- function(name, k) {
  d <- read.csv(gzfile(file.path(arguments[1], "radmlbench", paste0(name, ".csv.gz"))), check.names = FALSE)
  x <- as.matrix(d[, setdiff(colnames(d), c("ID", "Target"))]); storage.mode(x) <- "double"
  table_json(name, x, d$Target, k)
}
rotterdam <- function() {
  d <- read.csv(file.path(arguments[1], "rotterdam.csv"))
  x <- cbind(year = d$year, age = d$age, meno = d$meno, size_20_50 = d$size == "20-50", size_over_50 = d$size == ">50", grade = d$grade, pgr = d$pgr, er = d$er)
  storage.mode(x) <- "double"
  table_json("rotterdam", x, as.integer(d$nodes > 0), 10)
}
parts <- c(radiomics("Song2020", 10), radiomics("Lu2019", 5), radiomics("Granata2024", 5), radiomics("Brancato2023", 5), rotterdam())
writeLines(paste0("{\"glmnet\":\"", packageVersion("glmnet"), "\",\n", paste(parts, collapse = ",\n"), "}"), arguments[2])
