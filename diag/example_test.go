package diag_test

import (
	"fmt"

	"thymus/diag"
)

func Example() {
	src := &diag.Source{Name: "pd1.ant", Text: "A -> ; CLL*A;\n"}
	ms := diag.Messages{diag.Errorf(src.At(7, 10), "unknown symbol %q", "CLL").
		WithHelp("%s", diag.DidYouMean("CLL", []string{"CL", "A"}))}
	fmt.Println(ms.Err())
	// Output:
	// pd1.ant:1:8: error: unknown symbol "CLL"
	//     1 | A -> ; CLL*A;
	//       |        ^^^
	//     help: did you mean "CL"?
}
