# Solves an ensemble of virtual patients by LSODA as R's deSolve has it, the model in C.
# usage: Rscript --vanilla desolve.R LIBRARY PATIENTS COUNT RTOL ATOLFACTOR STATES
# The arguments are those of cvode.c; LIBRARY is desolve-MODEL.so. A patient is one call of
# lsoda, doses are its events; seconds are processor time, R's own work with each call included.
# Steps are not told: lsoda counts them from the last event on.
suppressPackageStartupMessages(library(deSolve))
words <- commandArgs(TRUE)
path <- normalizePath(words[1])
count <- as.integer(words[3])
dyn.load(path)
name <- sub("[.]so$", "", basename(path))
shape <- .C("d_shape", dim = 0L, outputs = 0L, doses = 0L, end = 0, atol = 0, PACKAGE = name)
doses <- .C("d_doses", time = double(shape$doses), amount = double(shape$doses), state = integer(shape$doses), PACKAGE = name)
every <- shape$end * (0:shape$outputs) / shape$outputs

input <- file(words[2], "rb")
size <- readBin(input, "integer", 4, size = 4, endian = "little")[c(1, 3)] # the lower halves
if (count < 1 || count > size[1]) stop("there are not so many patients")
patients <- matrix(readBin(input, "double", count * size[2], endian = "little"), size[2], count)
close(input)
states <- if (words[6] != "-") file(words[6], "wb")

later <- doses$time > 0 & doses$time < shape$end
times <- sort(unique(c(every, doses$time[later])))
rows <- match(every, times)
events <- if (any(later)) {
  list(data = data.frame(var = paste0("y", doses$state[later]), time = doses$time[later], value = doses$amount[later], method = "add"))
}
first <- which(doses$time <= 0)
failed <- 0
began <- proc.time()
for (k in seq_len(count)) {
  p <- patients[, k]
  .C("d_patient", p, length(p), PACKAGE = name)
  y <- p[seq_len(shape$dim)]
  start <- y
  for (i in first) y[doses$state[i] + 1] <- y[doses$state[i] + 1] + doses$amount[i]
  names(y) <- paste0("y", seq_along(y) - 1)
  out <- lsoda(y, times, "d_deriv", NULL, rtol = as.numeric(words[4]), atol = shape$atol * as.numeric(words[5]),
    jacfunc = "d_jacobian", jactype = "fullusr", dllname = name, maxsteps = 1e8, events = events)
  if (attr(out, "istate")[1] < 0 || nrow(out) < length(times)) failed <- failed + 1
  if (!is.null(states)) {
    rest <- matrix(NaN, length(times), shape$dim)
    rest[seq_len(nrow(out)), ] <- out[, -1]
    rest[1, ] <- start
    writeBin(as.vector(t(rest[rows, , drop = FALSE])), states, endian = "little")
  }
}
took <- sum((proc.time() - began)[1:2])
if (!is.null(states)) close(states)
cat("version ", as.character(packageVersion("deSolve")), ", R ", as.character(getRversion()), "\n", sep = "")
cat("patients", count, "failed", failed, "seconds", took, "steps -1 rejected -1 derivs", .C("d_evaluations", 0, PACKAGE = name)[[1]], "\n")
