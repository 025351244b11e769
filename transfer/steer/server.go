package steer

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"gantry/connectors"
)

// A Steered transfer is one that this process runs. Its methods are called at once from
// many goroutines.
type Steered interface {
	Status() Status
	Change(Change) error
	Cancel() error            // gives it up; returns before it has ended
	Finish(path string) error // says that a file that grows is complete; "" is all that grow
}

// Serve answers on a transfer's socket until the listener is closed.
//
//	GET   /v1/transfer          Status
//	PATCH /v1/transfer          Change
//	POST  /v1/transfer/cancel
//	POST  /v1/transfer/finish   {"path": "…"}
func Serve(l net.Listener, s Steered) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/transfer", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.Status(), nil) })
	mux.HandleFunc("PATCH /v1/transfer", func(w http.ResponseWriter, r *http.Request) {
		var c Change
		err := read(r, &c)
		if err == nil {
			err = s.Change(c)
		}
		answer(w, s.Status(), err)
	})
	mux.HandleFunc("POST /v1/transfer/cancel", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.Status(), s.Cancel()) })
	mux.HandleFunc("POST /v1/transfer/finish", func(w http.ResponseWriter, r *http.Request) {
		var which struct {
			Path string `json:"path"`
		}
		err := read(r, &which)
		if err == nil {
			err = s.Finish(which.Path)
		}
		answer(w, s.Status(), err)
	})
	server := &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	err := server.Serve(l)
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return errors.Join(err, server.Shutdown(ctx))
}

func read(r *http.Request, into any) error {
	err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(into)
	if err != nil {
		return connectors.Errorf(connectors.KindInvalid, "steer", "transfer", "%w", err)
	}
	return nil
}

// A problem is an error on its way.
type problem struct {
	Kind    connectors.Kind `json:"kind"`
	Message string          `json:"message"`
}

func answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusConflict)
		v = problem{connectors.KindOf(err), err.Error()}
	}
	_ = json.NewEncoder(w).Encode(v) // the caller has gone: nobody is left to tell
}
