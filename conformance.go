package thymus

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"thymus/conformance"
	"thymus/diag"
)

// ConformanceRequest is one run of an outside suite.
type ConformanceRequest struct {
	Suite    string // a name of conformance.Suites
	Folder   string // where the suite's files are
	Out      string // folder that gets SUITE.csv, one row a case; "" for none
	Markdown string // page whose section about the suite is replaced; "" for none
	conformance.Options
}

// Conformance judges thymus by an outside suite. An interrupted run returns the rows that
// came before it beside the error; nothing is written then.
func (a *App) Conformance(ctx context.Context, r ConformanceRequest) (*conformance.Result, error) {
	suite, ok := conformance.Find(r.Suite)
	if !ok {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "there is no suite %q", r.Suite).WithHelp("%s", diag.DidYouMean(r.Suite, conformance.Names()))}
	}
	if _, err := os.ReadDir(r.Folder); err != nil {
		return nil, diag.Messages{diag.FileError(r.Folder, err)}
	}
	if r.Jobs == 0 {
		r.Jobs = runtime.GOMAXPROCS(0)
	}
	if r.Read == nil {
		r.Read = ReadModelFile
	}
	if r.Markdown != "" {
		if err := CanWrite(r.Markdown); err != nil {
			return nil, diag.Messages{diag.FileError(r.Markdown, err)}
		}
	}
	if r.Out != "" {
		if err := os.MkdirAll(r.Out, 0o777); err != nil {
			return nil, diag.Messages{diag.FileError(r.Out, err)}
		}
	}
	result, err := conformance.Run(ctx, suite, r.Folder, r.Options)
	switch {
	case result == nil:
		return nil, diag.Messages{diag.Errorf(diag.Place{Src: &diag.Source{Name: r.Folder}}, "%v", err)}
	case err != nil:
		return result, err
	}
	if r.Out != "" {
		path := filepath.Join(r.Out, suite.Name+".csv")
		if err := WriteTable(path, result.Table()); err != nil {
			return result, err
		}
	}
	if r.Markdown != "" {
		page, err := os.ReadFile(r.Markdown)
		if err != nil && !os.IsNotExist(err) {
			return result, err
		}
		text := conformance.Replace(string(page), suite.Name, result.Markdown(suite.Title, Version))
		if err := os.WriteFile(r.Markdown, []byte(text), 0o666); err != nil {
			return result, fmt.Errorf("%s: %w", r.Markdown, err)
		}
	}
	return result, nil
}
