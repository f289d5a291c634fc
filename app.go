package thymus

import (
	"os"
	"runtime"
	"strings"

	"thymus/diag"
	"thymus/library"
	"thymus/model"
	"thymus/ode"
	"thymus/sim"
)

// Options say where an App looks.
type Options struct {
	Library string // a user's folder, searched before the built-in library; "" for none
}

// App does what users ask for; its methods may be called one after the other.
type App struct {
	lib    *library.Library
	folder string // the user's, or ""
}

// New opens the library. A folder that cannot be read is an input error.
func New(o Options) (*App, error) {
	lib, err := library.Open(o.Library)
	if err != nil {
		return nil, diag.Messages{diag.FileError(o.Library, err)}
	}
	return &App{lib: lib, folder: o.Library}, nil
}

// Info says which program this is.
type Info struct {
	Version    string `json:"version"`
	Go         string `json:"go"`
	Platform   string `json:"platform"`
	Disclaimer string `json:"disclaimer"`
}

// VersionInfo is what `thymus version` prints.
func VersionInfo() Info {
	return Info{Version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, Disclaimer}
}

// Methods lists the integration methods by name, the default first.
func Methods() []string {
	var names []string
	for _, m := range ode.Methods {
		names = append(names, m.Name)
	}
	return names
}

// StochasticMethods lists the stochastic methods by name.
func StochasticMethods() []string { return sim.StochasticMethods() }

// anyModel reads a model file, or takes a library module with its table applied.
func (a *App) anyModel(name string) (*model.Model, diag.Messages) {
	if _, err := os.Stat(name); err == nil || strings.ContainsAny(name, "./\\") {
		return ReadModelFile(name)
	}
	entry, ms := a.lib.Module(name)
	if ms.HasErrors() {
		return nil, ms
	}
	m, more := model.Flatten(entry.Doc, entry.Module.ID)
	return m, append(ms, more...)
}

// CanWrite says early whether a file can be made, so that long work is not lost at
// its end; it leaves no file behind.
func CanWrite(path string) error {
	_, before := os.Stat(path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	err = f.Close()
	if os.IsNotExist(before) {
		os.Remove(path)
	}
	return err
}
