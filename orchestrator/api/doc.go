// Package api is the hub's REST interface: what people, their tools and agents
// ask of it. The OpenAPI description is made from the handlers, at /openapi.json,
// and shown at /docs.
//
// There is no authentication: the hub listens on loopback only, and [Guard]
// refuses requests that a web page could have made.
package api
