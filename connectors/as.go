package connectors

// As gives an optional interface T of a place or an upload, if it has it. A
// wrapper adds one concern to a place or an upload and tells what is inside by a
// method Unwrap; it implements every optional interface, and has those that the
// one inside has.
func As[T any](p any) (T, bool) {
	found, ok := p.(T)
	if inner := unwrap(p); inner != nil && ok {
		_, ok = As[T](inner)
	}
	if !ok {
		var none T
		return none, false
	}
	return found, true
}

func unwrap(p any) any {
	switch w := p.(type) {
	case interface{ Unwrap() Place }:
		return w.Unwrap()
	case interface{ Unwrap() Upload }:
		return w.Unwrap()
	default:
		return nil
	}
}

// Innermost gives the place or upload inside of all wrappers.
func Innermost(p any) any {
	for {
		inner := unwrap(p)
		if inner == nil {
			return p
		}
		p = inner
	}
}
