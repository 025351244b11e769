package flow

import (
	"slices"
)

// Parse reads one workflow document, in YAML 1.2 or JSON, and checks it completely. What is wrong
// comes back as Problems, all of them at once.
func Parse(src []byte) (*Definition, error) {
	n, problems := load(src)
	if n == nil {
		return nil, problems.sorted()
	}
	p := &parser{problems: problems, def: &Definition{
		value: n.value(), functions: map[string]*list{},
		calls: map[string]bool{}, workflows: map[WorkflowRef]bool{},
	}}
	p.workflow(n)
	if len(p.problems) > 0 {
		return nil, p.problems.sorted()
	}
	return p.def, nil
}

// parser turns nodes into a definition and collects what is wrong with them.
type parser struct {
	def      *Definition
	problems Problems
	use      use
	loose    bool
	targets  []target // directives of the list being read
	depth    int      // of the task being read; below zero inside a function
}

// The variables of expressions, by where these stand.
var (
	varsWorkflow = []string{"secrets", "workflow", "runtime"}                      // workflow's input.from
	varsResult   = append([]string{"context"}, varsWorkflow...)                    // workflow's output.as
	varsBefore   = append([]string{"task"}, varsResult...)                         // if, input.from
	varsInside   = append([]string{"input", "authorization"}, varsBefore...)       // the task itself, output.as
	varsAfter    = append([]string{"output"}, varsInside...)                       // export.as
	varsReserved = append([]string{"ENV", "__loc__", "__prog_args"}, varsAfter...) // no names for one's own
	dslVersions  = []string{"1.0.0", "1.0.1", "1.0.2", "1.0.3"}
)

// scope holds the variables that tasks round a place define: items, indices and caught errors.
type scope []string

// with adds to a list of variables those of the scope.
func (s scope) with(vars []string) []string { return append(slices.Clone(vars), s...) }

// and gives the scope inside a task that defines further names.
func (s scope) and(names ...string) scope { return append(slices.Clone(s), names...) }

func (p *parser) workflow(n *node) {
	f := p.object(n, "document", "input", "use", "do", "timeout", "output", "schedule", "evaluate")
	if f == nil {
		return
	}
	if d := f.need("document"); d != nil {
		p.document(d)
	}
	if e := f.get("evaluate"); e != nil {
		p.evaluate(e)
	}
	if f.get("schedule") != nil {
		f.unsupported("schedule", "schedule", "start the run from outside")
	}
	p.useSection(f.get("use"))
	root := &task{kind: "workflow", definition: p.def.value}
	p.def.root = root
	if in := f.get("input"); in != nil {
		root.inputSchema, root.from = p.input(in, varsWorkflow)
	}
	if out := f.get("output"); out != nil {
		root.as, root.outputSchema = p.output(out, varsResult)
	}
	if t := f.get("timeout"); t != nil {
		root.timeout = p.timeout(t, varsResult)
	}
	if do := f.need("do"); do != nil {
		root.body = &doTask{p.list(do, nil)}
	}
	p.unused()
}

func (p *parser) evaluate(n *node) {
	f := p.object(n, "language", "mode")
	if f == nil {
		return
	}
	if l := f.get("language"); l != nil {
		if s, ok := p.text(l); ok && s != "jq" {
			p.unsupported(l, "the expression language "+s, "use jq")
		}
	}
	if m := f.get("mode"); m != nil {
		switch s, ok := p.text(m); {
		case s == "loose":
			p.loose = true
		case ok && s != "strict":
			p.problem(m, "mode must be strict or loose", "")
		}
	}
}

func (p *parser) input(n *node, vars []string) (s *schema, from *template) {
	f := p.object(n, "schema", "from")
	if f == nil {
		return nil, nil
	}
	if v := f.get("schema"); v != nil {
		s = p.schema(v)
	}
	if v := f.get("from"); v != nil {
		from = p.filter(v, vars)
	}
	return s, from
}

func (p *parser) output(n *node, vars []string) (as *template, s *schema) {
	f := p.object(n, "as", "schema")
	if f == nil {
		return nil, nil
	}
	if v := f.get("as"); v != nil {
		as = p.filter(v, vars)
	}
	if v := f.get("schema"); v != nil {
		s = p.schema(v)
	}
	return as, s
}

// timeout compiles a timeout, or the one of that name.
func (p *parser) timeout(n *node, vars []string) *duration {
	if named := p.named(n, p.use.timeouts, "timeout"); named != nil {
		n = named
	} else if n.kind == scalarNode {
		return nil
	}
	f := p.object(n, "after")
	if f == nil {
		return nil
	}
	if after := f.need("after"); after != nil {
		return p.duration(after, vars)
	}
	return nil
}
