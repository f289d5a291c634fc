// Package thymus is the application: a virtual human immune system that can be given a
// disease, treated, and measured (floor 5). App has one method per user intent; the
// command line is its face.
//
//	app, err := thymus.New(thymus.Options{})
//	summary, err := app.Run(ctx, thymus.RunRequest{Trial: "lupus-car-t"})
//
// For research and teaching; no medical advice.
package thymus

// Version is the version of the program; results of one version have the same bits on
// one processor family.
const Version = "0.1.0"

// Disclaimer stands wherever results are shown.
const Disclaimer = "For research and teaching. Virtual patients are not patients; this is not medical advice."
