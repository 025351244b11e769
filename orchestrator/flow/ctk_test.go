package flow

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The scenarios of the specification's conformance kit, on the core alone: http calls are answered
// by a table. Scenarios with tasks that this version does not support have to be refused.
func TestConformance(t *testing.T) {
	files, err := filepath.Glob("testdata/spec/ctk/*.feature")
	if err != nil || len(files) != 11 {
		t.Fatalf("%d features in testdata/spec/ctk (%v)", len(files), err)
	}
	passed, refused := 0, 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range readFeature(string(src)) {
			t.Run(s.name, func(t *testing.T) {
				if c := (conformance{t: t}); c.run(s) {
					passed++
				} else {
					refused++
				}
			})
		}
	}
	if passed != 17 || refused != 4 {
		t.Errorf("%d scenarios passed and %d were refused", passed, refused)
	}
}

// gherkin is one scenario; each step has its text and the document that follows it.
type gherkin struct {
	name  string
	steps []gherkinStep
}

type gherkinStep struct{ text, document string }

func readFeature(src string) []gherkin {
	var out []gherkin
	var document []string
	quoted, indent := false, 0
	for line := range strings.Lines(src) {
		line = strings.TrimRight(line, "\r\n")
		text := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(text, `"""`) && quoted:
			quoted = false
			steps := out[len(out)-1].steps
			steps[len(steps)-1].document = strings.Join(document, "\n")
		case strings.HasPrefix(text, `"""`):
			quoted, document = true, nil
			indent = len(line) - len(strings.TrimLeft(line, " "))
		case quoted:
			document = append(document, line[min(indent, len(line)):])
		case strings.HasPrefix(text, "Scenario: "):
			out = append(out, gherkin{name: strings.TrimPrefix(text, "Scenario: ")})
		default:
			keyword, rest, _ := strings.Cut(text, " ")
			if len(out) > 0 && slices.Contains([]string{"Given", "When", "Then", "And"}, keyword) {
				s := &out[len(out)-1]
				s.steps = append(s.steps, gherkinStep{text: rest})
			}
		}
	}
	return out
}

type conformance struct {
	t     *testing.T
	def   *Definition
	input any
	state State
	order []string // names of tasks as they started
}

// run is false for a scenario that is refused.
func (c *conformance) run(s gherkin) bool {
	for _, step := range s.steps {
		if step.text == "a workflow with definition:" {
			def, err := Parse([]byte(step.document))
			if err != nil {
				for _, p := range err.(Problems) {
					if !strings.Contains(p.Message, "is not supported by this version") {
						c.t.Error(p.Error())
					}
				}
				return false
			}
			c.def = def
			continue
		}
		c.step(step)
	}
	return true
}

var (
	stepProperties = regexp.MustCompile(`^the workflow output should have properties (.*)$`)
	stepProperty   = regexp.MustCompile(`^the workflow output should have a '(.*)' property with value:$`)
	stepItems      = regexp.MustCompile(`^the workflow output should have a '(.*)' property containing (\d+) items$`)
	stepOrder      = regexp.MustCompile(`^(\w+) should run (first|last|after (\w+)|before (\w+))$`)
)

func (c *conformance) step(s gherkinStep) {
	c.t.Helper()
	output := c.state.Output.data
	switch {
	case s.text == "given the workflow input is:":
		c.input = c.yaml(s.document)
	case s.text == "the workflow is executed":
		c.execute()
	case s.text == "the workflow should complete":
		c.same("status", c.state.Status, StatusCompleted)
	case s.text == "the workflow should fault":
		c.same("status", c.state.Status, StatusFaulted)
	case s.text == "the workflow should complete with output:":
		c.same("status", c.state.Status, StatusCompleted)
		c.same("output", output, c.yaml(s.document))
	case s.text == "the workflow should fault with error:":
		c.same("error", any(c.state.Error.value()), c.yaml(s.document))
	case stepProperties.MatchString(s.text):
		for _, path := range strings.Split(stepProperties.FindStringSubmatch(s.text)[1], ",") {
			path = strings.Trim(strings.TrimSpace(path), "'")
			if v, ok := lookUp(output, strings.Split(path, ".")); !ok || v == nil {
				c.t.Errorf("the output has no %s: %s", path, encode(output))
			}
		}
	case stepProperty.MatchString(s.text):
		path := stepProperty.FindStringSubmatch(s.text)[1]
		v, _ := lookUp(output, strings.Split(path, "."))
		c.same(path, v, c.yaml(s.document))
	case stepItems.MatchString(s.text):
		m := stepItems.FindStringSubmatch(s.text)
		v, _ := lookUp(output, strings.Split(m[1], "."))
		items, _ := v.([]any)
		c.same("the number of "+m[1], strconv.Itoa(len(items)), m[2])
	case stepOrder.MatchString(s.text):
		c.checkOrder(stepOrder.FindStringSubmatch(s.text))
	default:
		c.t.Errorf("unknown step: %s", s.text)
	}
}

func (c *conformance) checkOrder(m []string) {
	at := slices.Index(c.order, m[1])
	ok := at >= 0
	switch {
	case m[2] == "first":
		ok = ok && at == 0
	case m[2] == "last":
		ok = ok && at == len(c.order)-1
	case m[3] != "":
		ok = ok && at > slices.Index(c.order, m[3])
	default:
		ok = ok && at < slices.Index(c.order, m[4])
	}
	if !ok {
		c.t.Errorf("%s should run %s: %v", m[1], m[2], c.order)
	}
}

func (c *conformance) execute() {
	events := []Event{{Type: Start, Run: "ctk", At: epoch, Data: encode(c.input)}}
	for len(events) > 0 {
		var commands []Command
		c.state, commands = advanceChecked(c.t, c.def, c.state, events[0])
		events = events[1:]
		for _, command := range commands {
			switch {
			case command.Type == Call:
				events = append(events, c.answer(command))
			case command.Type == Report && command.Status == TaskStarted:
				c.order = append(c.order, command.Name)
			}
		}
	}
}

// answer stands in for the pet store that the kit calls.
func (c *conformance) answer(call Command) Event {
	var with struct {
		Method, Output string
		Endpoint       struct{ URI string }
	}
	if err := json.Unmarshal(call.Input, &with); err != nil || call.Function != "http" {
		c.t.Fatalf("%s %s: %v", call.Function, call.Input, err)
	}
	pet := func(id int) string { return fmt.Sprintf(`{"id":%d,"name":"Milou","status":"available"}`, id) }
	content := ""
	switch with.Endpoint.URI {
	case "https://petstore.swagger.io/v2/pet/findByStatus?status=available":
		content = "[" + pet(1) + "]"
	case "https://petstore.swagger.io/v2/pet/1":
		content = pet(1)
	case "https://petstore.swagger.io/v2/pet/2":
		content = pet(2)
	default:
		return Event{Type: CallFailed, Key: call.Key, At: epoch, Error: &Error{Type: TypeCommunication, Title: "Not Found", Status: 404}}
	}
	if with.Output == "response" {
		content = fmt.Sprintf(`{"request":{"method":%q,"uri":%q,"headers":{}},"statusCode":200,"headers":{},"content":%s}`, with.Method, with.Endpoint.URI, content)
	}
	return Event{Type: CallDone, Key: call.Key, At: epoch, Data: json.RawMessage(content)}
}

func (c *conformance) yaml(document string) any {
	n, problems := loadYAML([]byte(document))
	if len(problems) > 0 {
		c.t.Fatal(problems)
	}
	return n.value()
}

func (c *conformance) same(what string, got, want any) {
	c.t.Helper()
	if !reflect.DeepEqual(got, want) {
		c.t.Errorf("%s is %v, not %v", what, got, want)
	}
}
