# R's tests of features.csv: Rscript generate.R > r.csv
# One line per feature and number, with 17 significant digits; "NA" where R has none.
lines <- readLines("features.csv")
put <- function(k, name, value) cat(sprintf("%d,%s,%s\n", k, name, ifelse(is.na(value), "NA", sprintf("%.17g", value))))
levene <- function(a, b, center) {
  z <- c(abs(a - center(a)), abs(b - center(b)))
  g <- factor(rep(1:2, c(length(a), length(b))))
  anova(lm(z ~ g))
}
cat("feature,name,value\n")
p <- numeric(length(lines))
for (k in seq_along(lines)) {
  fields <- strsplit(lines[k], ",")[[1]]
  kind <- fields[1]; n1 <- as.integer(fields[2]); x <- as.numeric(fields[-(1:2)])
  a <- x[1:n1]; b <- x[-(1:n1)]
  # Squares leave the range, or digits do: exact.py has these.
  if (!(kind %in% c("scale", "offset"))) {
    for (equal in c(TRUE, FALSE)) {
      t <- t.test(a, b, var.equal = equal); name <- if (equal) "student" else "welch"
      put(k, paste0(name, "_t"), t$statistic); put(k, paste0(name, "_df"), t$parameter); put(k, paste0(name, "_p"), t$p.value)
      put(k, paste0(name, "_low"), t$conf.int[1]); put(k, paste0(name, "_high"), t$conf.int[2])
    }
    # Two values lie equally far from their center: the test divides rounding errors.
    if (n1 > 2 || length(b) > 2) for (center in c("mean", "median")) {
      f <- suppressWarnings(levene(a, b, get(center)))
      put(k, paste0("levene_", center, "_f"), f[1, "F value"]); put(k, paste0("levene_", center, "_p"), f[1, "Pr(>F)"])
    }
  }
  w <- function(...) suppressWarnings(wilcox.test(a, b, ...))
  put(k, "u", w()$statistic)
  put(k, "u_p", w()$p.value)
  p[k] <- w(exact = FALSE, correct = TRUE)$p.value
  put(k, "u_p_corrected", p[k])
  put(k, "u_p_plain", w(exact = FALSE, correct = FALSE)$p.value)
  for (g in c("events", "others")) {
    v <- if (g == "events") a else b
    if (length(v) > 2 && length(unique(v)) > 1 && !(kind %in% c("scale", "offset"))) put(k, paste0("shapiro_", g), shapiro.test(v)$p.value)
  }
}
for (method in p.adjust.methods) {
  q <- p.adjust(p, method)
  for (k in seq_along(q)) put(k, paste0("adjusted_", method), q[k])
}
