// Package fit calibrates parameters of library modules, and their spreads between patients,
// to published figures (floor 4). A fit is a file that names trials, evidence rows and
// parameters with priors; what it did is a record. A row whose use is validation cannot be
// fitted: reading such a file fails.
//
//	spec, messages := fit.Read(source, rows)
//	problem, messages := fit.Prepare(spec, lib, fit.Options{Workers: 2})
//	record, err := problem.Run(ctx)
//
// Every evaluation runs each trial once with the same draws (common random numbers), so the
// objective is a function of the parameters alone: the same seed gives the same record with
// any number of workers. The objective is the sum over rows of squared residuals,
// (predicted - published)/sigma, and over parameters of ((t - prior)/sd)^2 on the transformed
// scale t; it is -2 log of a posterior density but for a constant. Search: CMA-ES with
// Cholesky updates (Krause, Arbones, Igel 2016, from gonum), then damped Gauss-Newton steps
// (Levenberg 1944, Marquardt 1963). Intervals: profile likelihood with the threshold 3.84
// (Venzon, Moolgavkar 1988; Raue et al. 2009).
package fit
