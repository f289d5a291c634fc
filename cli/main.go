package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"thymus"
	"thymus/diag"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailure     = 1
	exitInput       = 2
	exitFindings    = 3
	exitInterrupted = 130
)

// errFindings ends a command that did its work, with patients that failed.
var errFindings = errors.New("findings")

// errInput ends a command whose messages about the input are printed already.
var errInput = errors.New("input")

// face is what the commands share.
type face struct {
	in       io.Reader
	out, err io.Writer
	json     bool
	library  string
}

// Main runs the command line and returns its exit code. An interrupt ends long work
// in order; a second one ends the program at once.
func Main(args []string, in io.Reader, out, errw io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() { <-ctx.Done(); stop() }()
	f := &face{in: in, out: out, err: errw}
	root := f.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return f.finish(err)
}

// finish prints an error in the form it deserves and says the exit code.
func (f *face) finish(err error) int {
	var messages diag.Messages
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.Is(err, errInput):
		return exitInput
	case errors.As(err, &messages):
		f.messages(messages)
		return exitInput
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(f.err, "interrupted"+strings.TrimPrefix(err.Error(), context.Canceled.Error()))
		return exitInterrupted
	}
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(f.err, "error: %v\n", err)
		return exitInput
	}
	fmt.Fprintf(f.err, "error: %v\n", err)
	return exitFailure
}

// atLeastOne refuses flags for counts that were given less than 1.
func atLeastOne(c *cobra.Command, names ...string) error {
	for _, name := range names {
		if v, _ := c.Flags().GetInt(name); c.Flags().Changed(name) && v < 1 {
			return usageError{fmt.Errorf("--%s %d: expected 1 or more", name, v)}
		}
	}
	return nil
}

// usageError is a wrong flag or argument.
type usageError struct{ error }

// messages prints diagnostics: as text with code frames, or as JSON.
func (f *face) messages(ms diag.Messages) {
	if len(ms) == 0 {
		return
	}
	if f.json {
		enc := json.NewEncoder(f.err)
		enc.SetIndent("", "  ")
		if err := enc.Encode(map[string]any{"messages": ms}); err == nil {
			return
		}
	}
	diag.Write(f.err, ms, color(f.err))
}

// color says whether w is a terminal that wants colours (https://no-color.org).
func color(w io.Writer) bool {
	return terminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func width(w io.Writer) int {
	if file, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(file.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return 100
}

// print writes v as JSON when asked, and otherwise by text.
func (f *face) print(v any, text func(w io.Writer)) error {
	if !f.json {
		text(f.out)
		return nil
	}
	enc := json.NewEncoder(f.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (f *face) app() (*thymus.App, error) {
	return thymus.New(thymus.Options{Library: f.library})
}

func (f *face) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "thymus",
		Short: "A virtual human immune system that can be given a disease, treated, and measured",
		Long: `thymus runs in-silico trials of immunotherapy: virtual patients with a mechanistic
immune system are given a disease, randomised to arms, treated from dose to clinical
endpoint, and compared with published trials.

` + thymus.Disclaimer + `

Exit codes: 0 all went well; 1 the program or the machine failed; 2 the input is wrong
(nothing was written); 3 done, but some patients could not be simulated, or some cases of a
suite did not pass; 130 interrupted.`,
		Example: `  thymus list trials
  thymus run lupus-car-t
  thymus run lupus-car-t --patients 200 --out results/lupus
  thymus show cd19-car-t
  thymus simulate model.ant --end 10 --steps 100`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       thymus.Version,
	}
	root.SetOut(f.out)
	root.SetErr(f.err)
	root.SetIn(f.in)
	root.PersistentFlags().BoolVar(&f.json, "json", false, "print JSON instead of text")
	root.PersistentFlags().StringVar(&f.library, "library", "", "a folder of your own models, populations and trials, searched before the built-in library")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w\nsee: %s --help", err, c.CommandPath())}
	})
	root.AddCommand(f.run(), f.validate(), f.fit(), f.list(), f.show(), f.check(), f.evidence(), f.simulate(), f.convert(), f.sedml(), f.conformance(), f.flux(), f.compile(), f.bench(), f.version())
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

// args checks the number of arguments, as a usage error.
func args(low, high int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, got []string) error {
		if len(got) >= low && (high < 0 || len(got) <= high) {
			return nil
		}
		return usageError{fmt.Errorf("%s: expected %s, got %d arguments\nsee: %s --help", c.Name(), what, len(got), c.CommandPath())}
	}
}

func (f *face) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: args(0, 0, "no argument"),
		Example: "  thymus version --json",
		RunE: func(*cobra.Command, []string) error {
			v := thymus.VersionInfo()
			return f.print(v, func(w io.Writer) {
				fmt.Fprintf(w, "thymus %s (%s, %s)\n%s\n", v.Version, v.Go, v.Platform, thymus.Disclaimer)
			})
		},
	}
}
