package bench

import (
	"bufio"
	"embed"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"thymus/kernel"
)

//go:embed peers
var peerFiles embed.FS

// WritePeers writes into a folder what other programs need to solve the same problems for
// n patients: for each problem the compiled model in C (right-hand side, sparse analytic
// Jacobian, doses) and the patients, then the peers' own programs and a script that
// builds them. Work that depends on a patient's constants alone is done before: the
// patients hold its results, as thymus's own lanes do.
func WritePeers(dir string, problems []Problem, n int) error {
	for i := range problems {
		p := &problems[i]
		plan, err := p.Plan(Settings{})
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(dir, p.ID), 0o777); err != nil {
			return err
		}
		text, inputs, err := plan.c()
		if err != nil {
			return fmt.Errorf("problem %s: %w", p.ID, err)
		}
		if err := os.WriteFile(filepath.Join(dir, p.ID, "model.c"), []byte(text), 0o666); err != nil {
			return err
		}
		if err := plan.writePatients(filepath.Join(dir, p.ID, "patients.bin"), inputs, n); err != nil {
			return err
		}
	}
	list, err := peerFiles.ReadDir("peers")
	if err != nil {
		return err
	}
	for _, f := range list {
		text, err := peerFiles.ReadFile("peers/" + f.Name())
		if err != nil {
			return err
		}
		mode := os.FileMode(0o666)
		if strings.HasSuffix(f.Name(), ".sh") {
			mode = 0o777
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name()), text, mode); err != nil {
			return err
		}
	}
	return nil
}

// inC writes operations in C; A, B, C are the operands.
var inC = map[kernel.Op]string{
	kernel.Move: "A", kernel.Add: "A + B", kernel.Sub: "A - B", kernel.Mul: "A * B", kernel.Div: "A / B", kernel.Neg: "-A",
	kernel.Min: "fmin(A, B)", kernel.Max: "fmax(A, B)", kernel.Abs: "fabs(A)", kernel.Sqrt: "sqrt(A)",
	kernel.Exp: "exp(A)", kernel.Log: "log(A)", kernel.Log10: "log10(A)", kernel.Pow: "pow(A, B)", kernel.PowPos: "pow(fmax(A, 0), B)",
	kernel.Floor: "floor(A)", kernel.Ceil: "ceil(A)", kernel.Trunc: "trunc(A)",
	kernel.Sin: "sin(A)", kernel.Cos: "cos(A)", kernel.Tan: "tan(A)", kernel.Tanh: "tanh(A)",
	kernel.Lt: "A < B", kernel.Le: "A <= B", kernel.Eq: "A == B", kernel.Ne: "A != B",
	kernel.And: "A != 0 && B != 0", kernel.Or: "A != 0 || B != 0", kernel.Not: "A == 0", kernel.Select: "C != 0 ? A : B",
}

// c writes the compiled model in C. inputs are the slots whose values a patient gives,
// after its states.
func (p *Plan) c() (text string, inputs []int32, err error) {
	s := p.plan.Program().Straight()
	name := map[int32]string{s.Clock: "t"}
	for _, x := range s.Numbers {
		if name[x.Slot] = strconv.FormatFloat(x.Value, 'g', -1, 64); !strings.ContainsAny(name[x.Slot], ".eIN") {
			name[x.Slot] += ".0"
		}
		if x.Value < 0 {
			name[x.Slot] = "(" + name[x.Slot] + ")"
		}
		if math.IsInf(x.Value, 0) || math.IsNaN(x.Value) {
			return "", nil, fmt.Errorf("the number %v cannot be written in C", x.Value)
		}
	}
	for i, k := range s.State {
		name[k] = fmt.Sprintf("y[%d]", i)
	}
	body := func(program *kernel.Program, results []int32, out string) (string, error) {
		var b strings.Builder
		local := map[int32]bool{}
		operand := func(k int32) string {
			if local[k] {
				return fmt.Sprintf("v%d", k)
			}
			if _, known := name[k]; !known {
				name[k] = fmt.Sprintf("p[%d]", len(s.State)+len(inputs))
				inputs = append(inputs, k)
			}
			return name[k]
		}
		for _, x := range needed(program.Code, results) {
			form, ok := inC[x.Op]
			if !ok {
				return "", fmt.Errorf("%s cannot be written in C", x.Op)
			}
			var pairs []string
			for i, k := range [...]int32{x.A, x.B, x.C} {
				if i < x.Op.Args() {
					pairs = append(pairs, "ABC"[i:i+1], operand(k))
				}
			}
			fmt.Fprintf(&b, "  const double v%d = %s;\n", x.Dst, strings.NewReplacer(pairs...).Replace(form))
			local[x.Dst] = true
		}
		for i, k := range results {
			value := "0"
			if k >= 0 {
				value = operand(k)
			}
			fmt.Fprintf(&b, "  %s[%d] = %s;\n", out, i, value)
		}
		return b.String(), nil
	}
	deriv, err := body(&s.RHS, s.Deriv, "d")
	if err != nil {
		return "", nil, err
	}
	jacobian, err := body(&s.First, s.Entries, "j")
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	array := func(kind, name string, n int, at func(i int) string) {
		fmt.Fprintf(&b, "const %s %s[] = {", kind, name)
		for i := range n {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(at(i))
		}
		if n == 0 {
			b.WriteString("0")
		}
		b.WriteString("};\n")
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	doses := p.Problem.doses()
	fmt.Fprintf(&b, "/* %s: %s; written by thymus. States:", p.Problem.ID, p.Problem.Title)
	for _, x := range p.plan.Program().States() {
		b.WriteString(" " + x.ID)
	}
	fmt.Fprintf(&b, " */\n#include <math.h>\n#include \"model.h\"\nconst int m_dim = %d, m_entries = %d, m_outputs = %d, m_doses = %d;\nconst double m_end = %s, m_atol = %s;\n",
		len(s.State), len(s.Entries), p.Problem.Outputs, len(doses), number(p.Problem.End), number(p.Problem.Atol))
	array("double", "m_dose_time", len(doses), func(i int) string { return number(doses[i].time) })
	array("double", "m_dose_amount", len(doses), func(i int) string { return number(doses[i].amount) })
	array("int", "m_dose_state", len(doses), func(i int) string {
		k, _ := p.plan.Program().StateIndex(doses[i].target)
		return strconv.Itoa(k)
	})
	array("int", "m_column", len(s.Pattern.ColPtr), func(i int) string { return fmt.Sprint(s.Pattern.ColPtr[i]) })
	array("int", "m_row", len(s.Entries), func(i int) string { return fmt.Sprint(s.Pattern.RowIdx[i]) })
	fmt.Fprintf(&b, "void m_deriv(double t, const double *restrict y, const double *restrict p, double *restrict d) {\n%s}\n", deriv)
	fmt.Fprintf(&b, "void m_jacobian(double t, const double *restrict y, const double *restrict p, double *restrict j) {\n%s}\n", jacobian)
	return b.String(), inputs, nil
}

// needed is the code that leads to results.
func needed(code []kernel.Instr, results []int32) []kernel.Instr {
	want := map[int32]bool{}
	for _, k := range results {
		want[k] = true
	}
	var out []kernel.Instr
	for _, x := range slices.Backward(code) {
		if !want[x.Dst] {
			continue
		}
		for i, k := range [...]int32{x.A, x.B, x.C} {
			if i < x.Op.Args() {
				want[k] = true
			}
		}
		out = append(out, x)
	}
	slices.Reverse(out)
	return out
}

// writePatients writes patients 0 to n-1: two 64-bit numbers (patients, numbers a
// patient), then for each its start and the values of the inputs, as doubles, all little
// endian.
func (p *Plan) writePatients(path string, inputs []int32, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	program := p.plan.Program()
	in := program.New()
	y := make([]float64, in.Dim())
	row := make([]float64, len(y)+len(inputs))
	write := func(v any) {
		if err == nil {
			err = binary.Write(w, binary.LittleEndian, v)
		}
	}
	write([]int64{int64(n), int64(len(row))})
	for k := range n {
		in.Reset()
		for _, x := range p.Patient(k).Values {
			c, ok := program.ConstantIndex(x.ID)
			if !ok {
				panic("bench: " + x.ID + " is no constant") // Plan looked
			}
			in.Set(c, x.Value)
		}
		if err := in.Start(y, 0); err != nil {
			return fmt.Errorf("patient %d: %w", k, err)
		}
		copy(row, y)
		mem := in.LaneMemory()
		for i, slot := range inputs {
			row[len(y)+i] = mem[slot]
		}
		write(row)
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Close()
	}
	return err
}
