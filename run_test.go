package thymus_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"thymus"
)

// TestInterrupted: a run that is called off leaves a folder from which it goes on: progress
// begins with the patients that are kept, rises by one, and ends with all; the files are
// those of a run without interruption.
func TestInterrupted(t *testing.T) {
	app, err := thymus.New(thymus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	whole, parts := filepath.Join(dir, "whole"), filepath.Join(dir, "parts")
	const patients = 40
	request := thymus.RunRequest{Trial: "vasculitis-il2", Patients: patients, Workers: 2, Out: whole}
	if _, err := app.Run(context.Background(), request); err != nil {
		t.Fatal(err)
	}
	request.Out = parts
	begun := 0
	for _, until := range []int{19, 33, patients + 1} {
		ctx, cancel := context.WithCancel(context.Background())
		last := -1
		request.Progress = func(done, total int) {
			if total != patients || done > total || last >= 0 && done != last+1 || last < 0 && done != begun && done != begun+1 {
				t.Errorf("progress %d of %d after %d, begun with %d", done, total, last, begun)
			}
			if last = done; done == until {
				cancel()
			}
		}
		_, err := app.Run(ctx, request)
		cancel()
		if until > patients {
			if err != nil {
				t.Fatal(err)
			}
			if last != patients {
				t.Errorf("progress ended with %d of %d", last, patients)
			}
			break
		}
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "thymus run --resume "+parts) {
			t.Fatalf("called off at %d: %v", until, err)
		}
		begun = last / 8 * 8 // chunks of 8 are kept
		request = thymus.RunRequest{Resume: parts, Workers: 2}
	}
	files, err := os.ReadDir(whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		a, _ := os.ReadFile(filepath.Join(whole, f.Name()))
		b, err := os.ReadFile(filepath.Join(parts, f.Name()))
		if err != nil || string(a) != string(b) {
			t.Errorf("%s: %d and %d bytes, %v", f.Name(), len(a), len(b), err)
		}
	}
	if left, err := os.ReadDir(parts); err != nil || len(left) != len(files) || len(files) < 9 {
		t.Errorf("%d files, of a run without interruption %d", len(left), len(files))
	}
}
