package connectors

// A Telling stream, as Open or OpenAs may give it, comes with what the place tells of
// the file that it is of: to ask for it costs nothing more.
type Telling interface {
	// Tells gives what came with the answer: Digests and Stated as far as there are
	// any, of the whole file, and its Version. The other fields may be empty.
	Tells() Entry
}
