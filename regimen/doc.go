// Package regimen turns prescriptions into timed interventions (floor 3): quantities with
// units, doses per kilogram and square metre, schedules, dose routes of modules, and dose
// tables.
//
//	q, messages := regimen.ParseQuantity("8 mg/kg", place)
//	scale, messages := regimen.ScaleTo(q, "mg")
//	amount := scale.Amount(q.Value, regimen.Covariates{Weight: 70}) // 560
package regimen
