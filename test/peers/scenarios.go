package main

import (
	"context"
	"fmt"
	"path/filepath"
)

// scenarios are all there are, in the order of docs/performance.md.
func scenarios() (list []scenario) {
	list = append(list, storeScenarios("null", nullStore)...)
	list = append(list, storeScenarios("versitygw", gateway)...)
	list = append(list, sftpScenarios()...)
	list = append(list, ftpScenarios()...)
	return append(list, localScenarios()...)
}

// copy is Gantry's own run. One that failed in between does not matter to the next.
func (w *world) copy(env []string, args ...string) client {
	return client{name: us, argv: append([]string{w.gantry, "copy"}, args...), env: env}
}

// again measures what a second run of the same command costs, when nothing is to do.
func again(w *world) func(context.Context, int, client) (figure, error) {
	return func(ctx context.Context, _ int, c client) (figure, error) {
		if _, err := w.measure(ctx, c); err != nil {
			return figure{}, err
		}
		return w.measure(ctx, c)
	}
}

func localScenarios() []scenario {
	one := func(ctx context.Context, w *world) (*stage, error) {
		source, err := w.source(w.dir, w.large())
		if err != nil {
			return nil, err
		}
		target := func(run int) string { return filepath.Join(w.dir, fmt.Sprintf("copy%d.mxf", run)) }
		return &stage{
			load:  w.large(),
			check: func(run int, _ client) error { return w.large().holds(target(run)) },
			clients: func(run int) []client {
				t := target(run)
				return []client{
					{name: "cp", argv: []string{"cp", "--reflink=never", "--sparse=never", source, t}},
					{name: "cp, xxhsum", argv: []string{"sh", "-c", "cp --reflink=never --sparse=never " + source + " " + t + " && xxhsum -q -H2 " + t}},
					{name: "rsync", argv: []string{"rsync", "--whole-file", source, t}},
					{name: "rclone", argv: []string{"rclone", "copyto", "--ignore-times", source, t}},
					w.copy(nil, source, t),
				}
			},
		}, nil
	}
	many := func(second bool) func(ctx context.Context, w *world) (*stage, error) {
		return func(ctx context.Context, w *world) (*stage, error) {
			source, err := w.source(w.dir, w.small())
			if err != nil {
				return nil, err
			}
			target := func(run int) string { return filepath.Join(w.dir, fmt.Sprintf("copies%d", run)) }
			s := &stage{
				load:  w.small(),
				check: func(run int, _ client) error { return w.small().holds(target(run)) },
				clients: func(run int) []client {
					t := target(run)
					list := []client{
						{name: "rsync", argv: []string{"rsync", "-rt", "--whole-file", source + "/", t + "/"}},
						{name: "rsync --checksum", argv: []string{"rsync", "-rt", "--checksum", source + "/", t + "/"}},
						{name: "rclone", argv: []string{"rclone", "copy", "--transfers=32", "--checkers=32", source, t}},
						{name: "rclone --checksum", argv: []string{"rclone", "copy", "--checksum", "--transfers=32", "--checkers=32", source, t}},
						w.copy(nil, source, t+"/"),
					}
					if !second {
						list = append([]client{{name: "cp", argv: []string{"cp", "-r", source, t}}}, list[0], list[2], list[4])
					}
					return list
				},
			}
			if second {
				s.measure = again(w)
			}
			return s, nil
		}
	}
	return []scenario{{"local-large", one}, {"local-small", many(false)}, {"local-small-again", many(true)}}
}
