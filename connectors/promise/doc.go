// Package promise helps connectors keep the promises of package connectors that
// the libraries below them do not: lengths that are exact, calls that end when
// their context does, and files that stay hidden until they are whole.
package promise
