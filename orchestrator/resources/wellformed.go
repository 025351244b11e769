package resources

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

func wellFormed(format, text string) error {
	if format == "json" {
		var v any
		return json.Unmarshal([]byte(text), &v)
	}
	return wellFormedXML(text)
}

// wellFormedXML looks at what encoding/xml passes over too: one root, nothing but
// white space, comments and the like beside it, and no attribute twice.
func wellFormedXML(text string) error {
	d := xml.NewDecoder(strings.NewReader(text))
	depth, roots := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			if err := attributesOnce(token); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && strings.TrimSpace(strings.TrimPrefix(string(token), "\ufeff")) != "" {
				return errors.New("there is text outside of the root element")
			}
		}
	}
	if roots != 1 {
		return fmt.Errorf("it has %d root elements, not one", roots)
	}
	return nil
}

func attributesOnce(e xml.StartElement) error {
	seen := map[xml.Name]bool{}
	for _, a := range e.Attr {
		if seen[a.Name] {
			return fmt.Errorf("the element %s has the attribute %s twice", e.Name.Local, a.Name.Local)
		}
		seen[a.Name] = true
	}
	return nil
}
