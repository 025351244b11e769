package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Limits of one expression.
const (
	maxExpression = 4096    // characters
	maxEstimate   = 100_000 // cost units that it may need for the largest facts
	maxCost       = 200_000 // cost units that it gets
)

// Sizes that the estimate reckons with. Larger facts are not refused: the limit holds for them too.
const (
	maxText   = 4096 // characters
	maxLabels = 64
)

// language compiles conditions.
type language struct{ env *cel.Env }

func newLanguage() (*language, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	options := []cel.EnvOption{
		cel.CustomTypeProvider(factTypes{registry}),
		cel.CustomTypeAdapter(registry),
		cel.Variable("labels", cel.MapType(cel.StringType, cel.StringType)),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(maxExpression),
		cel.ParserRecursionLimit(100),
		cel.ParserErrorRecoveryLimit(4),
	}
	for object := range vocabulary {
		options = append(options, cel.Variable(object, cel.ObjectType(object)))
	}
	for name, bytes := range units {
		options = append(options, cel.Constant(name, cel.IntType, types.Int(bytes)))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return &language{env}, nil
}

// condition is a compiled expression.
type condition struct {
	program cel.Program
	facts   []string // that it names, in byte order
}

// mistake is what is wrong with an expression, and where. Line and column begin at 1; 0 means the whole.
type mistake struct {
	message      string
	line, column int
}

// compile returns the condition, or all that is wrong with the expression.
func (l *language) compile(expression string) (*condition, []mistake) {
	checked, issues := l.env.Compile(expression)
	if issues.Err() != nil {
		var all []mistake
		for _, e := range issues.Errors() {
			m := mistake{e.Message, max(e.Location.Line(), 0), max(e.Location.Column()+1, 0)}
			m.message += hint(expression, m)
			all = append(all, m)
		}
		return nil, all
	}
	if t := checked.OutputType(); !t.IsExactType(cel.BoolType) {
		return nil, []mistake{{message: fmt.Sprintf("a condition is true or false, and this gives %s", cel.FormatCELType(t))}}
	}
	estimate, err := l.env.EstimateCost(checked, sizes{})
	if err != nil {
		return nil, []mistake{{message: "its cost cannot be estimated: " + err.Error()}}
	}
	if estimate.Max > maxEstimate {
		return nil, []mistake{{message: fmt.Sprintf("it may cost %d, and %d is allowed: take out loops over labels, or long patterns", estimate.Max, maxEstimate)}}
	}
	program, err := l.env.Program(checked, cel.CostLimit(maxCost), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, []mistake{{message: err.Error()}}
	}
	return &condition{program, namedFacts(checked.NativeRep().Expr())}, nil
}

// hint says what there is, where an expression names what there is not.
func hint(expression string, m mistake) string {
	switch {
	case strings.HasPrefix(m.message, "undeclared reference"):
		return ": there are asset, media and labels, and the sizes KB, MB, GB, TB, KiB, MiB, GiB and TiB"
	case strings.HasPrefix(m.message, "undefined field"):
		lines := strings.Split(expression, "\n")
		if m.line < 1 || m.line > len(lines) {
			return ""
		}
		before := []rune(lines[m.line-1])
		before = before[:min(max(m.column-1, 0), len(before))]
		for _, object := range sortedKeys(vocabulary) {
			if strings.HasSuffix(string(before), object) {
				return ": " + object + " has " + strings.Join(sortedKeys(vocabulary[object]), ", ")
			}
		}
	}
	return ""
}

// holds evaluates the condition.
func (c *condition) holds(s cel.Activation) (bool, error) {
	value, _, err := c.program.Eval(s)
	if err != nil {
		return false, err
	}
	held, ok := value.Value().(bool)
	if !ok {
		return false, errors.New("it gave neither true nor false")
	}
	return held, nil
}

// namedFacts lists the facts that an expression names: asset.size, labels.event, or labels where the key is computed.
func namedFacts(e ast.Expr) []string {
	found := map[string]struct{}{}
	keyed := 0 // mentions of labels that are told by their key
	mentions := 0
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			if e.AsIdent() == "labels" {
				mentions++
			}
		case ast.SelectKind:
			operand := e.AsSelect().Operand()
			if operand.Kind() != ast.IdentKind {
				return
			}
			if _, ok := vocabulary[operand.AsIdent()]; ok || operand.AsIdent() == "labels" {
				found[operand.AsIdent()+"."+e.AsSelect().FieldName()] = struct{}{}
				if operand.AsIdent() == "labels" {
					keyed++
				}
			}
		case ast.CallKind:
			if key, ok := labelKey(e.AsCall()); ok {
				found["labels."+key] = struct{}{}
				keyed++
			}
		}
	}))
	if mentions > keyed {
		found["labels"] = struct{}{}
	}
	return sortedKeys(found)
}

// labelKey understands labels["key"] and "key" in labels.
func labelKey(call ast.CallExpr) (string, bool) {
	args := call.Args()
	switch call.FunctionName() {
	case operators.Index:
	case operators.In:
		args = slices.Clone(args)
		slices.Reverse(args)
	default:
		return "", false
	}
	if len(args) != 2 || args[0].Kind() != ast.IdentKind || args[0].AsIdent() != "labels" || args[1].Kind() != ast.LiteralKind {
		return "", false
	}
	key, ok := args[1].AsLiteral().Value().(string)
	return key, ok
}

// sizes tells the estimate how large facts get.
type sizes struct{}

func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	switch path := node.Path(); {
	case len(path) == 0:
		return nil
	case path[0] == "labels" && len(path) == 1:
		return &cost.SizeEstimate{Max: maxLabels}
	default:
		return &cost.SizeEstimate{Max: maxText}
	}
}

func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}
