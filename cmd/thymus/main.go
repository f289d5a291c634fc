// Command thymus runs in-silico trials of immunotherapy from the command line.
package main

import (
	"os"

	"thymus"
	"thymus/cli"
)

func main() {
	thymus.RelaxCollector()
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
