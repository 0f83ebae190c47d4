# The indices of rms::validate with every fit carried to convergence: lrm stops when -2 ln L changes by less than 0.025 in its
# last step, which leaves up to some 1e-8 in a mean over resamples. R 4.2.2, Hmisc 4.8-0.
# usage: Rscript generate_validate_converged.R   (in this folder; needs synth.csv and the resamples)
suppressMessages(library(Hmisc))
d <- read.csv("synth.csv", stringsAsFactors = FALSE); d <- d[d$set == "train", ]; n <- nrow(d); y <- d$alnm
knots <- unname(quantile(d$size, c(.1, .5, .9)))
full <- cbind(1, d$age, rcspline.eval(d$size, knots = knots, inclx = TRUE, norm = 2), d$margin == "Non", d$us_alnm == "Present",
              d$vascularity == 1, d$vascularity == 2, d$vascularity == 3, d$tumor_score, d$ln_score)
clinrad <- cbind(1, d$us_alnm == "Present", d$tumor_score, d$ln_score)
tight <- function(x, y) suppressWarnings(glm.fit(x, y, family = binomial(), control = glm.control(epsilon = 1e-15, maxit = 60)))
null.dev <- function(y) -2 * sum(log(ifelse(y == 1, mean(y), 1 - mean(y))))
r2 <- function(lr, y) (1 - exp(-lr / length(y))) / (1 - exp(-null.dev(y) / length(y)))
gmd <- function(v) { n <- length(v); 2 * sum((2 * seq_len(n) - n - 1) * sort(v)) / (n * (n - 1)) }
training <- function(x, y) { f <- tight(x, y); lp <- drop(x %*% f$coefficients); p <- plogis(lp); lr <- null.dev(y) - f$deviance
  D <- (lr - 1) / length(y); U <- -2 / length(y)
  list(f = f, v = c(unname(somers2(lp, y)["Dxy"]), r2(lr, y), 0, 1, D, U, D - U, mean((y - p)^2), gmd(lp), gmd(p))) }
testing <- function(lp, y) { f <- tight(cbind(1, lp), y); a <- unname(f$coefficients); lr <- null.dev(y) - f$deviance
  L01 <- -2 * sum(y * lp - log(1 + exp(lp))); D <- (lr - 1) / length(y); U <- (L01 - f$deviance - 2) / length(y)
  c(unname(somers2(lp, y)["Dxy"]), r2(lr, y), a, D, U, D - U, mean((y - plogis(lp))^2), gmd(a[2] * lp), gmd(plogis(a[1] + a[2] * lp))) }
one <- function(x, file) { idx <- as.matrix(read.csv(file, header = FALSE)) + 1; tr <- te <- numeric(10)
  for (b in seq_len(ncol(idx))) { i <- idx[, b]; r <- training(x[i, ], y[i]); tr <- tr + r$v
    te <- te + testing(drop(x %*% r$f$coefficients), y) }
  list(apparent = training(x, y)$v, training = tr / ncol(idx), test = te / ncol(idx)) }
num <- function(v) paste0("[", paste(sprintf("%.17g", v), collapse = ","), "]")
obj <- function(o) paste0("{", paste(sprintf('"%s":%s', names(o), vapply(o, num, "")), collapse = ","), "}")
writeLines(paste0('{"rows":["Dxy","R2","Intercept","Slope","D","U","Q","B","g","gp"],"clinrad":', obj(one(clinrad, "bootidx_synth_clinrad_seed1.csv")),
  ',"rcs":', obj(one(full, "bootidx_synth_rcs_seed1.csv")), "}"), "validate_converged.json")
