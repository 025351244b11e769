package engine

import (
	"errors"
	"io"
	"net"

	"gantry/connectors"
	"gantry/orchestrator/catalog"
	"gantry/orchestrator/flow"
	"gantry/orchestrator/function"
)

// transient tells whether the same call may succeed when it is made again.
func transient(err error) bool {
	var fault *function.Fault
	if err == nil || errors.As(err, &fault) {
		return false
	}
	if connectors.Retryable(err) || errors.Is(err, catalog.ErrBusy) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	return connectors.KindOf(err) == connectors.KindOther && network(err)
}

// network tells whether an error without a kind is one of a connection. Errors of
// the operating system look like net.Error, and are not: a full disk, a missing file.
func network(err error) bool {
	var (
		operation *net.OpError
		lookup    *net.DNSError
		late      interface{ Timeout() bool }
	)
	return errors.As(err, &operation) || errors.As(err, &lookup) || (errors.As(err, &late) && late.Timeout())
}

// faultOf gives a function's error as the workflow sees it; nil for nil.
func faultOf(err error) *flow.Error {
	var fault *function.Fault
	switch {
	case err == nil:
		return nil
	case errors.As(err, &fault):
		return ofFault(fault)
	}
	e := &flow.Error{Type: flow.TypeRuntime, Title: "The function failed", Status: 500, Detail: err.Error()}
	switch connectors.KindOf(err) {
	case connectors.KindAuth, connectors.KindHostKey:
		e.Type, e.Title, e.Status = flow.TypeAuthentication, "Not authenticated", 401
	case connectors.KindPermission:
		e.Type, e.Title, e.Status = flow.TypeAuthorization, "Not permitted", 403
	case connectors.KindInvalid, connectors.KindUnsupported:
		e.Type, e.Title, e.Status = flow.TypeConfiguration, "Cannot be done as it stands", 400
	case connectors.KindTimeout:
		e.Type, e.Title, e.Status = flow.TypeTimeout, "Timed out", 408
	case connectors.KindNotFound:
		e.Type, e.Title, e.Status = flow.TypeRuntime, "Not found", 404
	default:
		if transient(err) {
			e.Type, e.Title, e.Status = flow.TypeCommunication, "Out of reach", 503
		}
	}
	return e
}

var standardTypes = map[string]string{
	"configuration":  flow.TypeConfiguration,
	"validation":     flow.TypeValidation,
	"expression":     flow.TypeExpression,
	"authentication": flow.TypeAuthentication,
	"authorization":  flow.TypeAuthorization,
	"timeout":        flow.TypeTimeout,
	"communication":  flow.TypeCommunication,
	"runtime":        flow.TypeRuntime,
}

func ofFault(f *function.Fault) *flow.Error {
	e := &flow.Error{Type: f.Type, Title: f.Title, Status: f.Status, Detail: f.Detail}
	if standard, ok := standardTypes[f.Type]; ok {
		e.Type = standard
	}
	if e.Type == "" {
		e.Type = flow.TypeRuntime
	}
	if e.Status == 0 {
		e.Status = 500
	}
	if e.Detail == "" && f.Err != nil {
		e.Detail = f.Err.Error()
	}
	return e
}
